"""Calls that make sessions, tokens or a signed-in person, in all code of the project.

Read from the source of every installed app that lies in the project's folder, and of
authsite: a team's own app is read as ours is.
"""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING

from django.apps import apps
from django.conf import settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

INSTEAD = "sign in by allauth's pipeline: see docs/architecture.md"
#: Calls that make a session or a token, or check a password, and who may make them.
CALLS: dict[str, set[str]] = {
    "login": {"accounts/policy/account_adapter.py"},
    "alogin": set(),
    "authenticate": {
        "accounts/api/base.py",
        "accounts/policy/account_adapter.py",
        "accounts/policy/backend.py",
    },
    "aauthenticate": set(),
    "force_login": set(),
    "force_authenticate": set(),
    "record_authentication": {
        "accounts/policy/account_adapter.py",
        "accounts/policy/confirmation.py",  # for someone who is signed in
        "accounts/policy/session_owner.py",
    },
    "for_user": set(),
    "encode_token": set(),
    "signed": {"accounts/tokens/issue.py"},
    "open_family": {"accounts/api/views.py", "accounts/tokens/strategy.py"},
}
#: Whatever compares a password with its hash: only AccountAdapter.authenticate() does,
#: through allauth's backend, so that each wrong one is counted and recorded. Not even
#: named elsewhere, since a reference can be called under another name.
PASSWORD_CHECKS = {
    "check_password",
    "acheck_password",
    "verify_password",
    "averify_password",
    "identify_hasher",
}
#: Modules whose functions make tokens.
TOKEN_MODULES = ("jwt", "jose", "joserfc", "authlib.jose")
TOKENS = {"accounts/tokens/backend.py"}
SESSION_KEYS = {"_auth_user_id", "_auth_user_backend", "_auth_user_hash"}
SESSION_NAMES = {"SESSION_KEY", "BACKEND_SESSION_KEY", "HASH_SESSION_KEY"}
SESSIONS = {"accounts/policy/sessions.py"}  # renews a hash in place
USER = {"user", "_cached_user"}
#: Who may put a person on a request: nobody, or one that it has just looked up.
USERS = {
    "accounts/api/pipeline.py",
    "accounts/policy/session_owner.py",
    "accounts/policy/sessions.py",
}


def first_party(root: Path | None = None, paths: Iterable[str] = ()) -> list[Path]:
    """The folders of all apps in the project; `paths` stand for more of them."""
    root = root or Path(settings.BASE_DIR)
    found = {Path(config.path) for config in apps.get_app_configs()} | {
        Path(path) for path in paths
    }
    found.add(root / "authsite")
    own = {one for one in found if one.is_relative_to(root) and not _is_library(one)}
    return sorted(one for one in own if not any(up in own for up in one.parents))


def _is_library(path: Path) -> bool:
    return bool({"site-packages", ".venv"} & set(path.parts))


def guarded_calls(root: Path | None = None, paths: Iterable[str] = ()) -> list[str]:
    """Lines that sign in or make tokens from where they may not, with a way out."""
    root = root or Path(settings.BASE_DIR)
    files = (file for app in first_party(root, paths) for file in app.rglob("*.py"))
    return [f"{line}: {INSTEAD}" for file in sorted(files) for line in _in(file, root)]


def _in(file: Path, root: Path) -> Iterator[str]:
    where = str(file.relative_to(root))
    tree = ast.parse(file.read_text())
    names = dict(_imported(tree))
    for node in ast.walk(tree):
        for what in _findings(node, names, where):
            yield f"{where}:{node.lineno} {what}"


def _imported(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """Names in a module, by what they stand for: ("l", "django.contrib.auth.login")."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            for one in node.names:
                yield one.asname or one.name, f"{node.module or ''}.{one.name}"
        elif isinstance(node, ast.Import):
            for one in node.names:
                if one.asname:
                    yield one.asname, one.name


def _findings(node: ast.AST, names: dict[str, str], where: str) -> Iterator[str]:
    if isinstance(node, ast.Call):
        yield from _call(node, names, where)
    elif isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
        for target in getattr(node, "targets", None) or [node.target]:
            yield from _assigned(target, names, where)
    elif isinstance(node, ast.Constant) and node.value in SESSION_KEYS:
        yield f"names {node.value}"
    for name in PASSWORD_CHECKS.intersection(_names_of(node)):
        yield f"names {name}"


def _names_of(node: ast.AST) -> Iterator[str]:
    """What a node refers to by name; strings too, as for getattr()."""
    if isinstance(node, ast.alias):
        yield node.name.rpartition(".")[2]
    for field in ("attr", "id", "value"):
        found = getattr(node, field, None)
        if isinstance(found, str):
            yield found


def _call(node: ast.Call, names: dict[str, str], where: str) -> Iterator[str]:
    dotted = _dotted(node.func, names)
    name = dotted.rpartition(".")[2]
    if where not in CALLS.get(name, {where}):
        yield f"calls {name}()"
    makes_token = name in {"encode", "dumps"} and dotted.startswith(TOKEN_MODULES)
    if makes_token and where not in TOKENS:
        yield f"calls {dotted}()"
    if name == "setattr" and where not in USERS and _sets_user(*node.args[:2]):
        yield "sets request.user"


def _sets_user(of: ast.AST, name: ast.AST) -> bool:
    return _is_request(of) and getattr(name, "value", "") in USER


def _assigned(target: ast.AST, names: dict[str, str], where: str) -> Iterator[str]:
    if isinstance(target, ast.Attribute) and target.attr in USER:
        if _is_request(target.value) and where not in USERS:
            yield "sets request.user"
    elif isinstance(target, ast.Subscript) and isinstance(target.slice, ast.Name):
        key = names.get(target.slice.id, target.slice.id).rpartition(".")[2]
        if key in SESSION_NAMES and where not in SESSIONS:
            yield f"writes session[{key}]"


def _is_request(node: ast.AST) -> bool:
    name = getattr(node, "attr", getattr(node, "id", ""))
    return "request" in name or name == "req"


def _dotted(node: ast.AST, names: dict[str, str]) -> str:
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value, names)}.{node.attr}"
    name = getattr(node, "id", "")
    return names.get(name, name)
