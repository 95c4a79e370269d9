"""Linking the worker's modules: the linked script does what the modules do, or the server does not start."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from backend.web.assets import PWA
from backend.web.linker import CannotLink, link, modules
from tests.test_js import node


def run(script: str) -> object:
    """What the script puts into `self.out`, by node."""
    around = f"globalThis.self = {{}};\n{script}\nconsole.log(JSON.stringify(self.out));"
    done = subprocess.run([node(), "-"], input=around, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def linked(**files: str) -> str:
    """Linked from `main`; the names are paths with __ for a slash and no ending."""
    texts = {name.replace("__", "/") + ".js": text for name, text in files.items()}
    return link("main.js", texts.__getitem__)


def test_every_form_of_import_and_export_does_what_it_says() -> None:
    script = linked(
        main="import { add, one as uno } from './lib/sum.js';\nimport { Box, later, two } from './lib/all.js';\n"
        "later().then((it) => { self.out = [add(uno, two), new Box(7).value, it]; });\n"
        "setImmediate(() => console.log(JSON.stringify(self.out)));",
        lib__sum="export const one = 1;\nexport function add(a, b) {\n  return a + b;\n}\n",
        lib__all="import { one } from './sum.js';\n\nexport { Box } from './box.js';\n"
        "const two = one + 1;\nexport async function later() {\n  return 'later';\n}\nexport { two };\n",
        lib__box="export class Box {\n  constructor(value) {\n    this.value = value;\n  }\n}\n",
    )
    done = subprocess.run(
        [node(), "-e", f"globalThis.self = {{}};\n{script}"], capture_output=True, text=True, timeout=60
    )
    assert json.loads(done.stdout) == [3, 7, "later"], done.stderr


def test_a_name_over_several_lines_and_a_renamed_export() -> None:
    script = linked(
        main="import {\n  a,\n  b as c,\n} from './lib.js';\nself.out = [a, c];",
        lib="const x = 1;\nconst b = 2;\nexport { x as a, b };\n",
    )
    assert run(script) == [1, 2]


def test_modules_run_once_each_in_the_order_of_the_imports() -> None:
    script = linked(
        main="import './b.js';\nimport './a.js';\nself.out = self.order;",
        a="import './c.js';\nself.order.push('a');",
        b="import './c.js';\nself.order.push('b');",
        c="self.order = ['c'];",
    )
    assert run(script) == ["c", "b", "a"]


def test_names_of_one_module_do_not_meet_those_of_another() -> None:
    script = linked(
        main="import { get } from './a.js';\nconst secret = 'main';\nself.out = [get(), secret];",
        a="const secret = 'a';\nexport function get() {\n  return secret;\n}\n",
    )
    assert run(script) == ["a", "main"]


def test_a_type_cast_stays_and_a_comment_goes() -> None:
    script = linked(
        main="/** A comment.\n * More of it. */\nself.out = [\n  /** @type {any} */ (1),\n"
        "  /** @type {number} */\n  (2),\n];\n"
    )
    assert "More of it" not in script
    assert run(script) == [1, 2]


@pytest.mark.parametrize(
    "text",
    [
        "export default 1;",
        "export let changing = 1;",
        "import * as all from './a.js';",
        "import one from './a.js';",
        "export * from './a.js';",
        "import('./a.js');",
        "import { a } from 'package';",
    ],
)
def test_a_form_that_is_not_understood_is_refused(text: str) -> None:
    with pytest.raises(CannotLink, match=r"main\.js"):
        linked(main=text, a="export const a = 1;")


def test_a_module_may_not_hide_what_the_others_are_linked_by() -> None:
    with pytest.raises(CannotLink, match=r"main\.js: `linked`"):
        linked(main="import { a } from './a.js';\n\nfunction linked() {}", a="export const a = 1;")


def test_a_circle_is_refused_and_named() -> None:
    with pytest.raises(CannotLink, match=r"a\.js > b\.js > a\.js"):
        linked(main="import './a.js';", a="import './b.js';", b="import './a.js';")


def test_a_module_that_is_not_there_is_refused() -> None:
    with pytest.raises(FileNotFoundError):
        link("main.js", lambda path: Path("/nowhere", path).read_text())


@pytest.mark.parametrize("entry", ["worker.js", "first.js"])
def test_the_worker_links_and_listens(tmp_path: Path, entry: str) -> None:
    shutil.copytree(PWA, tmp_path / "pwa")
    script = link(entry, lambda path: (tmp_path / "pwa" / path).read_text())
    heard = run(
        "const heard = [];\nglobalThis.addEventListener = (name) => heard.push(name);\n"
        f"{script}\nself.out = heard.sort();"
    )
    assert heard == ["activate", "fetch", "install", "message", "sync"]


def test_every_module_of_the_worker_is_linked() -> None:
    def inside_of(entry: str) -> set[str]:
        return set(modules(entry, lambda path: (PWA / path).read_text()))

    inside = inside_of("worker.js") | inside_of("first.js")
    there = {path.relative_to(PWA).as_posix() for path in (PWA / "worker").rglob("*.js")}
    assert there <= inside, "a module that nothing imports is dead"
