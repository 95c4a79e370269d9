"""Leaving out what only people read: the script and the sheet that are sent do what the files do."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from backend.web.assets import PWA, WORKER, collect
from backend.web.minifier import CannotMinify, smaller
from backend.web.styles import joined
from backend.web.styles import smaller as smaller_sheet
from tests.test_js import ROOT, node


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("let a = 1; // one\n\n  let b = /* two */ 2;\n", "let a=1;let b=2;"),
        ("/** what */\nconst f = (a) => {\n  return a;\n};", "const f=(a)=>{return a;};"),
        ("f()\n  .then(g)\n", "f().then(g)"),
        ("a\nb\n", "a\nb"),
        ("a\n(b)", "a\n(b)"),
        ("a\n++\nb", "a\n++\nb"),
        ("return\n1", "return\n1"),
        ("a + +b - -c + ++d", "a+ +b- -c+ ++d"),
        ("a < !--b; c-- > 0", "a< !--b;c-- >0"),
        ("1 .toFixed(2)", "1 .toFixed(2)"),
        ("'a  // b' + \"it's  /* c */\"", "'a  // b'+\"it's  /* c */\""),
        ("x = a / b / c; y = (a) / 2", "x=a/b/c;y=(a)/2"),
        ('x = a / /[/]  "/.source.length', 'x=a/ /[/]  "/.source.length'),
        ("t.replace(/[&<>\"'`]  /g, (c) => c)", "t.replace(/[&<>\"'`]  /g,(c)=>c)"),
        ("return /  '/.test(t)", "return/  '/.test(t)"),
        ("`a  ${ b ? `  c ${ d }  it's // x ` : null }  e`", "`a  ${b?`  c ${d}  it's // x `:null}  e`"),
        ("`${ { a: 1 }.a }  \\`  $  {x  } \\${ y }`", "`${{a:1}.a}  \\`  $  {x  } \\${ y }`"),
        ("html`<p>  ${ a }  </p>\n`", "html`<p>  ${a}  </p>\n`"),
        ("class A { #b = 1; static c() { return 'é'; } }", "class A{#b=1;static c(){return'é';}}"),
        ("const { a, ...rest } = b ?? {};", "const{a,...rest}=b??{};"),
        ("for (const n of [1e-3, .5, 0x1f, 10n]) f?.(n)", "for(const n of[1e-3,.5,0x1f,10n])f?.(n)"),
    ],
)
def test_what_is_left(text: str, left: str) -> None:
    assert smaller(text) == left
    assert smaller(left) == left


@pytest.mark.parametrize(
    "text",
    [
        "if (a) /b/.test(c)",
        "{ } /b/.test(c)",
        "f(]",
        "`a ${ b",
        "'not closed\n'",
        "a = [1",
        "\\u0061 = 1",
    ],
)
def test_what_is_not_understood_is_refused_and_says_where(text: str) -> None:
    with pytest.raises(CannotMinify, match=r"line \d+: "):
        smaller(text)


def test_the_tests_of_the_worker_pass_on_what_is_sent(tmp_path: Path) -> None:
    """Every module made smaller in its place, and the tests of screens, store and outbox run on those."""
    shutil.copytree(ROOT / "tests" / "js", tmp_path / "tests" / "js")
    shutil.copytree(ROOT / "tests" / "vectors", tmp_path / "tests" / "vectors")
    shutil.copytree(PWA, tmp_path / "pwa")
    (tmp_path / "package.json").write_text('{"type": "module"}')
    changed = 0
    for file in [*(tmp_path / "pwa").glob("worker/**/*.js"), *(tmp_path / "pwa").glob("page/*.js")]:
        text = file.read_text()
        file.write_text(smaller(text))
        changed += file.read_text() != text
    assert changed > 50
    # Not all of them: these go through nearly every module.
    names = ("screens_core", "screens_count", "outbox")
    files = [str(tmp_path / "tests" / "js" / f"{name}.test.js") for name in names]
    done = subprocess.run(
        [node(), "--test", "--test-reporter=dot", *files],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]


def test_what_is_sent_can_be_read_by_a_browser(tmp_path: Path) -> None:
    for path, asset in collect(PWA).items():
        if path.endswith(".js"):
            file = tmp_path / path.strip("/").replace("/", "_")
            file = file.with_suffix(".mjs" if path != WORKER else ".cjs")
            file.write_bytes(asset.content)
            done = subprocess.run([node(), "--check", str(file)], capture_output=True, text=True, timeout=60)
            assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("sheet", "left"),
    [
        ("/* a */\n.a > .b :is(c, d) {\n  color: red;\n}\n", ".a > .b :is(c,d){color:red}"),
        ("a { inset: calc(1px + 2rem) auto ; }", "a{inset:calc(1px + 2rem) auto}"),
        ('a::before { content: " ; } /* x */ "; }', 'a::before{content:" ; } /* x */ "}'),
        (
            "@media (min-width: 40em) and (hover) {\n  a { b: c }\n}",
            "@media (min-width:40em) and (hover){a{b:c}}",
        ),
    ],
)
def test_what_is_left_of_a_sheet(sheet: str, left: str) -> None:
    assert smaller_sheet(sheet) == left


def test_a_sheet_has_those_it_imports_in_their_place() -> None:
    sheets = {
        "styles/all.css": "/* all */\n@import './a.css';\n@import './b.css';\n.z {}\n",
        "styles/a.css": ".a {}\n",
        "styles/b.css": ".b {}\n",
    }
    assert joined("styles/all.css", sheets.__getitem__) == "/* all */\n.a {}\n.b {}\n.z {}\n"
