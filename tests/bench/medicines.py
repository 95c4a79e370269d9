"""Names of medicines for the benchmarks: 500 and more, each another, as a national list would write them."""

from __future__ import annotations

import random

INGREDIENTS = """abacavir acetazolamide aciclovir albendazole allopurinol aminophylline amitriptyline amlodipine
amoxicillin ampicillin artemether artesunate aspirin atazanavir atenolol atropine azithromycin beclometasone
benzathine-benzylpenicillin bisoprolol bupivacaine calamine calcium-gluconate captopril carbamazepine cefalexin
cefixime ceftriaxone chloramphenicol chlorhexidine chlorphenamine chlorpromazine ciprofloxacin clarithromycin
clindamycin clofazimine clotrimazole cloxacillin cotrimoxazole dapsone desogestrel dexamethasone diazepam diclofenac
digoxin dolutegravir doxycycline efavirenz enalapril epinephrine ergometrine erythromycin ethambutol ethinylestradiol
etonogestrel ferrous-sulphate fluconazole fluoxetine folic-acid furosemide gentamicin glibenclamide griseofulvin
haloperidol hydralazine hydrochlorothiazide hydrocortisone hyoscine ibuprofen insulin isoniazid ivermectin ketamine
lamivudine levofloxacin levonorgestrel levothyroxine lidocaine loperamide lopinavir losartan magnesium-sulphate
mebendazole medroxyprogesterone mefloquine metformin methyldopa metoclopramide metronidazole miconazole misoprostol
morphine nevirapine nifedipine nitrofurantoin norethisterone nystatin omeprazole oxytocin paracetamol permethrin
phenobarbital phenytoin praziquantel prednisolone primaquine promethazine propranolol pyrazinamide quinine ranitidine
rifampicin ringer-lactate salbutamol simvastatin spironolactone streptomycin sulfadoxine tenofovir tetracycline
thiamine tinidazole tramadol tranexamic-acid valproate verapamil warfarin zidovudine zinc"""
FORMS = (
    "tablet",
    "capsule",
    "dispersible tablet",
    "oral suspension",
    "injection, vial",
    "injection, ampoule",
    "cream",
    "syrup",
)
STRENGTHS = (
    "5",
    "10",
    "20",
    "25",
    "50",
    "75",
    "100",
    "125",
    "150",
    "200",
    "250",
    "300",
    "400",
    "500",
    "1000",
)


def names(number: int) -> list[str]:
    """So many different names, the same each time."""
    choose = random.Random(1)
    every = [
        f"{one.replace('-', ' ').capitalize()} {strength} mg {form}"
        for one in INGREDIENTS.split()
        for strength in STRENGTHS
        for form in FORMS
    ]
    return choose.sample(every, number)
