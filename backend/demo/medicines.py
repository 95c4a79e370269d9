"""Sixty essential medicines and supplies of the demo country, after the WHO Model List.

A line: code; name; dispensing unit; pack size; category; program; tier; use of a health centre in a month; ATC; flags.
Tiers: C is kept from clinics up, H from health centres up, D by hospitals only. Flags: i indicator, c controlled,
k cold chain, v vaccine vial monitor, s seasonal (malaria and diarrhoea); V or E is the VEN class.
"""

from __future__ import annotations

from dataclasses import dataclass

PROGRAMS = {
    "EM": "Essential medicines",
    "MAL": "Malaria",
    "FP": "Family planning",
    "HIV": "HIV and tuberculosis",
    "EPI": "Expanded programme on immunization",
    "MCH": "Maternal and child health",
}

_TABLE = """
AMOX250;Amoxicillin 250 mg dispersible tablet;tablet;100;Antibiotics;EM;C;1400;J01CA04;iV
AMOX500;Amoxicillin 500 mg capsule;capsule;100;Antibiotics;EM;C;900;J01CA04;E
AMOXCLAV;Amoxicillin + clavulanic acid 500/125 mg;tablet;100;Antibiotics;EM;H;260;J01CR02;E
AZITH250;Azithromycin 250 mg capsule;capsule;60;Antibiotics;EM;H;180;J01FA10;E
BENZPEN;Benzathine benzylpenicillin 2.4 MIU vial;vial;10;Antibiotics;EM;H;60;J01CE08;V
CEFT1G;Ceftriaxone 1 g vial;vial;10;Antibiotics;EM;H;120;J01DD04;iV
CIPRO500;Ciprofloxacin 500 mg tablet;tablet;100;Antibiotics;EM;C;420;J01MA02;E
COTRIM480;Co-trimoxazole 400/80 mg tablet;tablet;1000;Antibiotics;EM;C;2200;J01EE01;iE
DOXY100;Doxycycline 100 mg capsule;capsule;100;Antibiotics;EM;C;380;J01AA02;E
GENT80;Gentamicin 40 mg/mL, 2 mL ampoule;ampoule;50;Antibiotics;EM;H;110;J01GB03;V
METRO250;Metronidazole 250 mg tablet;tablet;1000;Antibiotics;EM;C;1300;P01AB01;E
PARA500;Paracetamol 500 mg tablet;tablet;1000;Pain and fever;EM;C;5200;N02BE01;iE
PARA120;Paracetamol 120 mg/5 mL oral liquid;bottle;50;Pain and fever;EM;C;190;N02BE01;E
IBU400;Ibuprofen 400 mg tablet;tablet;100;Pain and fever;EM;C;900;M01AE01;E
DICLO75;Diclofenac 25 mg/mL, 3 mL ampoule;ampoule;10;Pain and fever;EM;H;70;M01AB05;E
MORPH10;Morphine 10 mg/mL ampoule;ampoule;10;Pain and fever;EM;D;12;N02AA01;cV
TRAM50;Tramadol 50 mg capsule;capsule;100;Pain and fever;EM;H;140;N02AX02;cE
DIAZ10;Diazepam 5 mg/mL, 2 mL ampoule;ampoule;10;Nervous system;EM;H;18;N05BA01;cV
PHENO30;Phenobarbital 30 mg tablet;tablet;100;Nervous system;EM;H;160;N03AA02;cE
AMLO5;Amlodipine 5 mg tablet;tablet;100;Heart and vessels;EM;C;520;C08CA01;E
ENAL10;Enalapril 10 mg tablet;tablet;100;Heart and vessels;EM;H;260;C09AA02;E
HCT25;Hydrochlorothiazide 25 mg tablet;tablet;100;Heart and vessels;EM;C;480;C03AA03;E
FURO40;Furosemide 40 mg tablet;tablet;100;Heart and vessels;EM;H;130;C03CA01;V
METF500;Metformin 500 mg tablet;tablet;100;Diabetes;EM;H;640;A10BA02;iV
GLIB5;Glibenclamide 5 mg tablet;tablet;100;Diabetes;EM;H;240;A10BB01;E
INSMIX;Insulin, premixed 30/70, 10 mL vial;vial;1;Diabetes;EM;D;20;A10AD01;kV
SALB100;Salbutamol 100 microgram inhaler;inhaler;1;Breathing;EM;C;45;R03AC02;V
PRED5;Prednisolone 5 mg tablet;tablet;100;Breathing;EM;H;220;H02AB06;E
OMEP20;Omeprazole 20 mg capsule;capsule;100;Stomach and gut;EM;H;360;A02BC01;E
ORS;Oral rehydration salts, sachet for 1 L;sachet;100;Stomach and gut;MCH;C;620;A07CA;isV
ZINC20;Zinc sulphate 20 mg dispersible tablet;tablet;100;Stomach and gut;MCH;C;700;A12CB01;isV
ALB400;Albendazole 400 mg chewable tablet;tablet;100;Worms;MCH;C;240;P02CA03;E
AL6;Artemether + lumefantrine 20/120 mg, 6 tablets;treatment;30;Malaria;MAL;C;160;P01BF01;isV
AL12;Artemether + lumefantrine 20/120 mg, 12 tablets;treatment;30;Malaria;MAL;C;130;P01BF01;sV
AL24;Artemether + lumefantrine 20/120 mg, 24 tablets;treatment;30;Malaria;MAL;C;240;P01BF01;isV
ARTES60;Artesunate 60 mg vial;vial;10;Malaria;MAL;H;60;P01BE03;sV
SP500;Sulfadoxine + pyrimethamine 500/25 mg tablet;tablet;1000;Malaria;MAL;C;260;P01BD51;E
RDTMAL;Malaria rapid diagnostic test;test;25;Malaria;MAL;C;520;;isV
COC;Levonorgestrel + ethinylestradiol 150/30 microgram;cycle;100;Contraceptives;FP;C;320;G03AA07;iE
POP;Levonorgestrel 30 microgram;cycle;100;Contraceptives;FP;C;90;G03AC03;E
DMPA;Medroxyprogesterone acetate 150 mg vial;vial;25;Contraceptives;FP;C;210;G03AC06;iE
IMPL;Levonorgestrel 75 mg implant, two rods;set;10;Contraceptives;FP;H;28;G03AC03;E
IUD;Copper intrauterine device;piece;10;Contraceptives;FP;H;9;G02BA02;E
COND;Male condom;piece;144;Contraceptives;FP;C;2600;;E
TLD;Tenofovir + lamivudine + dolutegravir 300/300/50 mg, 30 tablets;bottle;30;Antiretrovirals;HIV;H;190;J05AR27;iV
ABC3TC;Abacavir + lamivudine 120/60 mg, 60 tablets;bottle;30;Antiretrovirals;HIV;H;24;J05AR02;V
NVPSUSP;Nevirapine 10 mg/mL oral suspension, 100 mL;bottle;10;Antiretrovirals;HIV;H;12;J05AG01;V
HIVTEST;HIV rapid test, first line;test;100;Tests;HIV;C;330;;iV
RHZE;Rifampicin + isoniazid + pyrazinamide + ethambutol;tablet;672;Tuberculosis;HIV;H;480;J04AM06;iV
RH150;Rifampicin + isoniazid 150/75 mg tablet;tablet;672;Tuberculosis;HIV;H;700;J04AM02;V
BCG;BCG vaccine, 20 doses;vial;10;Vaccines;EPI;H;9;J07AN01;kvV
PENTA;DTP-HepB-Hib vaccine, 10 doses;vial;10;Vaccines;EPI;H;34;J07CA11;ikvV
MEASLES;Measles and rubella vaccine, 10 doses;vial;10;Vaccines;EPI;H;22;J07BD53;ikvV
OPV;Oral polio vaccine, 20 doses;vial;10;Vaccines;EPI;H;18;J07BF02;kvV
OXYT;Oxytocin 10 IU/mL ampoule;ampoule;10;Maternal health;MCH;H;95;H01BB02;ikV
MGSO4;Magnesium sulphate 500 mg/mL, 10 mL ampoule;ampoule;10;Maternal health;MCH;H;24;B05XA05;iV
MISO200;Misoprostol 200 microgram tablet;tablet;60;Maternal health;MCH;H;42;G02AD06;V
FEFOL;Ferrous salt + folic acid 60/0.4 mg tablet;tablet;1000;Maternal health;MCH;C;3400;B03AD03;iE
VITA200;Vitamin A 200,000 IU capsule;capsule;500;Child health;MCH;C;150;A11CA01;E
GLOVES;Examination gloves, medium;pair;50;Supplies;EM;C;1200;;E
"""

TIERS = ("C", "H", "D")


@dataclass(frozen=True, slots=True)
class Medicine:
    """One line of the table."""

    code: str
    name: str
    unit: str
    pack_size: int
    category: str
    program: str
    tier: str
    monthly_use: int
    atc: str
    flags: str

    @property
    def seasonal(self) -> bool:
        """Whether the rains change how much of it is used."""
        return "s" in self.flags

    def columns(self) -> dict[str, object]:
        """Values of models.Product beside the code."""
        return {
            "name": self.name,
            "dispensing_unit": self.unit,
            "pack_size": self.pack_size,
            "category": self.category,
            "indicator": "i" in self.flags,
            "controlled": "c" in self.flags,
            "cold_chain": "k" in self.flags,
            "uses_vvm": "v" in self.flags,
            "ven": self.flags[-1],
        }


def _medicine(line: str) -> Medicine:
    code, name, unit, pack, category, program, tier, use, atc, flags = line.split(";")
    return Medicine(code, name, unit, int(pack), category, program, tier, int(use), atc, flags)


MEDICINES = tuple(_medicine(line) for line in _TABLE.strip().splitlines())
