"""The code keeps to the layers of docs/architecture.md: includes, imports, and who may touch octets."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/architecture.md").read_text()
CSRC, PACKAGE = ROOT / "csrc", ROOT / "pkg/resquery"
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', re.MULTILINE)
C_FILES = sorted(path for path in CSRC.rglob("*.[ch]") if path.parent != CSRC)
PYTHON_FILES = sorted(path for path in PACKAGE.rglob("*.py") if path.parts[-2:] != ("resquery", "__init__.py"))
EVERYWHERE = {"resquery.h", "rq_api.h"}


def table(columns: int, first: str) -> list[list[list[str]]]:
    """The rows of the page's table whose header begins with `first`; each cell as the words in code quotes in it."""
    rows = re.search(rf"^\| {first} \|.*\n\|[-|]+\|\n((?:\|.*\n)+)", PAGE, re.MULTILINE)
    assert rows is not None, f"no table of {first}"
    cells = [line.strip("|").split("|") for line in rows[1].splitlines()]
    assert all(len(row) == columns for row in cells)
    return [[re.findall(r"`([^`]+)`", cell) if at != 1 else [] for at, cell in enumerate(row)] for row in cells]


FOLDERS = {
    folder.removeprefix("csrc/"): ({folder.removeprefix("csrc/"), *may}, {"any"} if not library else set(library))
    for [folder], _, may, library in table(4, "folder")
}
MODULES = {module: at for at, row in enumerate(table(3, "modules")) for module in row[0]}
OUTSIDE = {module: set(row[2]) for row in table(3, "modules") for module in row[0]}


def library_headers_allowed(folder: str, header: str) -> bool:
    """Whether a layer may include a header of the C library."""
    return FOLDERS[folder][1] == {"any"} or header in FOLDERS[folder][1]


@pytest.mark.parametrize("path", C_FILES, ids=lambda path: str(path.relative_to(CSRC)))
def test_c_file_includes_only_what_its_layer_may(path: Path) -> None:
    """Own folder, the folders the table names, resquery.h, and the listed headers of the C library."""
    folder = path.parent.name
    for header in INCLUDE.findall(path.read_text()):
        target = next((base / header for base in (path.parent, CSRC) if (base / header).is_file()), None)
        if target is None:
            assert library_headers_allowed(folder, header), header
        elif target.resolve().parent == CSRC:
            assert target.name in EVERYWHERE
        else:
            assert target.resolve().parent.name in FOLDERS[folder][0], header


def test_every_folder_and_module_stands_in_the_tables() -> None:
    """What is not in a table has no layer, and what is in one exists."""
    assert {path.parent.name for path in C_FILES} == set(FOLDERS)
    assert {module_of(path) for path in PYTHON_FILES} == set(MODULES)


def test_octets_are_touched_in_rq_bytes_alone(tmp_path: Path) -> None:
    """With the fields of rq_cur and rq_out renamed inside rq_bytes.h, every C file still compiles."""
    shutil.copytree(CSRC, tmp_path / "csrc")
    header = tmp_path / "csrc/wire/rq_bytes.h"
    renamed = re.sub(r"\b(base|pos|end|state|cap|len)\b", r"\1_of_rq_bytes", header.read_text())
    header.write_text(renamed)
    files = [str(tmp_path / "csrc" / path.relative_to(CSRC)) for path in C_FILES if path.suffix == ".c"]
    command = ["gcc", "-std=c11", "-D_GNU_SOURCE", "-fsyntax-only", f"-I{tmp_path / 'csrc'}", *files]
    command.insert(1, f"-I{sysconfig.get_path('include')}")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_system_calls_of_the_network_go_through_its_table() -> None:
    """csrc/net calls what rq_sys lists only by way of an rq_sys, so that a test can stand in the kernel's place."""
    listed = re.findall(r"\(\*(\w+)\)\(", (CSRC / "net/rq_sys.h").read_text())
    others = "accept accept4 listen sendto recvfrom sendmsg poll ppoll epoll_pwait nanosleep gettimeofday read write"
    assert {"socket", "sendmmsg", "epoll_wait", "getrandom", "clock_gettime", "getpid"} <= {*listed}
    direct = re.compile(rf"(?<![\w>.])(?:{'|'.join([*listed, *others.split()])})\(")
    for path in CSRC.glob("net/*.[ch]"):
        code = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL)
        assert not direct.findall(code), path


def module_of(path: Path) -> str:
    """The first part of a module's name below `resquery`."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports_of(path: Path) -> set[str]:
    """Absolute names of all that a module imports, wherever in it, but for the type checker's sake."""
    tree = ast.parse(path.read_text())
    found: set[str] = set()
    package = ["resquery", *path.relative_to(PACKAGE).parts[:-1]]
    nodes: list[ast.AST] = [tree]
    while nodes:
        node = nodes.pop()
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            nodes += node.orelse
            continue
        nodes += ast.iter_child_nodes(node)
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            name = ".".join(filter(None, [base, node.module]))
            found |= {f"{name}.{alias.name}" for alias in node.names} if name == "resquery" else {name}
    return found


@pytest.mark.parametrize("path", PYTHON_FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_module_imports_only_what_its_row_may(path: Path) -> None:
    """Modules of its own row and the rows above, and from outside the standard library only what is listed."""
    own = module_of(path)
    for name in imports_of(path):
        first, _, rest = name.partition(".")
        inner = rest.partition(".")[0]
        if first != "resquery":
            assert first in sys.stdlib_module_names or first in OUTSIDE[own], name
        elif inner in MODULES:
            assert MODULES[inner] <= MODULES[own], name
        elif inner == "_rq":
            assert "_rq" in OUTSIDE[own], name
            assert path.name == "_lib.py", "only a _lib.py imports ffi and lib from the extension"
        else:  # a name that resquery/__init__.py exports: for the outermost row alone
            assert MODULES[own] == max(MODULES.values()), name


def test_the_package_itself_only_gathers_names() -> None:
    """`__init__.py` imports and lists: no function, class or loop."""
    tree = ast.parse((PACKAGE / "__init__.py").read_text())
    kinds = (ast.FunctionDef, ast.ClassDef, ast.AsyncFunctionDef, ast.For, ast.While)
    assert not [node for node in ast.walk(tree) if isinstance(node, kinds)]
