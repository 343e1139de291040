"""Which texts reach a place that renders Markdown without `terr.view.text.markdown`, told from the syntax trees alone.

Streamlit renders Markdown in labels, bodies, help texts, values of metrics and the options of buttons-like choosers. It
shows as they are: options of lists (selectbox, multiselect), placeholders, cells and headers of tables, titles of
charts. Found by trying every place in a browser.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

LABELED = frozenset(
    "button caption checkbox date_input dialog download_button error expander file_uploader form_submit_button header "
    "info link_button markdown metric multiselect number_input page_link pills popover radio segmented_control "
    "select_slider selectbox slider spinner status subheader success table tabs text_area text_input title toast "
    "toggle warning write".split()
)
"""Widgets whose first value (label or body) is Markdown."""
SHOWN_OPTIONS = frozenset(("radio", "segmented_control", "pills", "select_slider"))
KEYWORDS = frozenset(("label", "body", "help", "captions"))
DOOR = frozenset(("markdown",))
NUMBERS = frozenset(
    "number percent full date_text time_text local unit_noun units_title len int float round sum max min abs range "
    "distance_text area_text noun get_args figure percent_figure short_figure money_pattern".split()
)
_KEEPERS = frozenset("str sorted list tuple set reversed dict zip enumerate cast".split())
_TEXT_METHODS = frozenset(
    "strip rstrip lstrip lower upper capitalize title replace format removesuffix removeprefix items values keys get "
    "splitlines split copy".split()
)
_FIGURES = frozenset(("int", "float", "bool"))


Loop = ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp
Around = ast.FunctionDef | ast.Lambda | Loop


@dataclass(eq=False)
class Module:
    """One file."""

    name: str
    tree: ast.Module
    path: str

    @cached_property
    def functions(self) -> dict[str, ast.FunctionDef]:
        return {n.name: n for n in ast.walk(self.tree) if isinstance(n, ast.FunctionDef)}

    @cached_property
    def constants(self) -> dict[str, list[ast.expr]]:
        found: dict[str, list[ast.expr]] = {}
        for node in _own(self.tree):
            if isinstance(node, ast.Assign):
                for target in node.targets:
                    pairs = [(target, node.value)]
                    if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                        pairs = list(zip(target.elts, node.value.elts, strict=True))
                    for one, value in pairs:
                        if isinstance(one, ast.Name):
                            found.setdefault(one.id, []).append(value)
            elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value:
                found.setdefault(node.target.id, []).append(node.value)
        return found

    @cached_property
    def imports(self) -> dict[str, tuple[str, str]]:
        """Name here -> (module, name there or "" for the module itself)."""
        found = {}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.ImportFrom) and node.module:
                for one in node.names:
                    found[one.asname or one.name] = (node.module, one.name)
        return found


@dataclass(frozen=True, eq=False)
class Scope:
    """Where an expression stands: a file, the functions around it, and values known for some names."""

    module: Module
    around: tuple[Around, ...] = ()
    known: dict[str, bool] = field(default_factory=dict)


@dataclass(frozen=True)
class Found:
    """A text that isn't known to be safe where Markdown is rendered."""

    path: str
    line: int
    what: str


class Flow:
    """Follows texts through the functions of all the files given.

    Args:
        files: name of each module -> (path shown, source).
        looked_at: beginnings of the names of modules whose calls of widgets are judged.
    """

    def __init__(self, files: dict[str, tuple[str, str]], looked_at: tuple[str, ...] = ("terr.ui", "pages")) -> None:
        self.modules = {name: Module(name, ast.parse(text), path) for name, (path, text) in files.items()}
        self.looked_at = looked_at
        self.busy: set[tuple[int, str]] = set()
        self.calls: dict[str, list[tuple[ast.Call, Scope]]] = {}
        for module in self.modules.values():
            for call, scope in _calls(module):
                self.calls.setdefault(_called(call), []).append((call, scope))

    def found(self) -> list[Found]:
        """Every violation."""
        out = []
        for calls in self.calls.values():
            for call, scope in calls:
                if scope.module.name.startswith(self.looked_at):
                    out += [
                        Found(scope.module.path, call.lineno, f"{_called(call)}: {ast.unparse(value)}")
                        for value in self.rendered(call, scope)
                        if not self.safe(value, scope)
                    ]
        for module in self.modules.values():
            if module.name.startswith(self.looked_at):
                out += self.helps_in_dicts(module)
        return sorted(out, key=lambda f: (f.path, f.line))

    def helps_in_dicts(self, module: Module) -> list[Found]:
        """Help texts that are handed to a widget as `**{...}`."""
        return [
            Found(module.path, part.lineno, f"help: {ast.unparse(part)}")
            for node, scope in _nodes(module)
            if isinstance(node, ast.Dict)
            for key, part in zip(node.keys, node.values, strict=True)
            if isinstance(key, ast.Constant) and key.value == "help" and not self.safe(part, scope)
        ]

    def rendered(self, call: ast.Call, scope: Scope) -> Iterator[ast.expr]:
        """The values of a call that Streamlit renders as Markdown."""
        name = _called(call)
        widget = isinstance(call.func, ast.Attribute) and name in LABELED and not self.resolved(call, scope)
        widget = widget and not ast.unparse(call.func).startswith("sys.")
        if widget and call.args:
            yield call.args[0]
        if name == "progress" and len(call.args) > 1:
            yield call.args[1]
        if name == "metric":
            yield from call.args[1:]
        for keyword in call.keywords:
            if (
                (keyword.arg == "help" or (keyword.arg in KEYWORDS and widget))
                or (name == "progress" and keyword.arg == "text")
                or (name == "metric" and keyword.arg in {"value", "delta"})
            ):
                yield keyword.value
        if name in SHOWN_OPTIONS and widget:
            format_func = next((k.value for k in call.keywords if k.arg == "format_func"), None)
            options = next((k.value for k in call.keywords if k.arg == "options"), None) or (
                call.args[1] if len(call.args) > 1 else None
            )
            if format_func is not None:
                yield format_func
            elif options is not None:
                yield options

    def resolved(self, call: ast.Call, scope: Scope) -> tuple[Module, ast.FunctionDef] | None:
        """The function of Terr that a call calls."""
        func = call.func
        if isinstance(func, ast.Name):
            if func.id in scope.module.functions:
                return scope.module, scope.module.functions[func.id]
            there, name = scope.module.imports.get(func.id, ("", ""))
            module = self.modules.get(there)
        elif isinstance(func, ast.Attribute) and isinstance(func.value, ast.Name):
            there, inner = scope.module.imports.get(func.value.id, ("", ""))
            module, name = self.modules.get(f"{there}.{inner}"), func.attr
        else:
            return None
        while module is not None and name not in module.functions and name in module.imports:  # handed on
            there, name = module.imports[name]
            module = self.modules.get(there)
        return (module, module.functions[name]) if module and name in module.functions else None

    def safe(self, node: ast.expr | None, scope: Scope) -> bool:
        """Whether nothing in a value is people's text that hasn't passed the door."""
        match node:
            case None | ast.Constant() | ast.Compare():
                return True
            case ast.JoinedStr(values):
                return all(self.safe(v, scope) for v in values)
            case ast.FormattedValue(value, _, spec):
                return (spec is not None and _numeric(spec)) or self.safe(value, scope)
            case ast.BinOp(left, _, right):
                return self.safe(left, scope) and self.safe(right, scope)
            case ast.BoolOp(_, values):
                return all(self.safe(v, scope) for v in values)
            case ast.UnaryOp(ast.Not(), _):
                return True
            case ast.UnaryOp(_, operand):
                return self.safe(operand, scope)
            case ast.IfExp(_, body, orelse):
                return self.safe(body, scope) and self.safe(orelse, scope)
            case ast.List(parts) | ast.Tuple(parts) | ast.Set(parts):
                return all(self.safe(p, scope) for p in parts)
            case ast.Dict(keys, parts):
                return all(self.safe(p, scope) for p in (*keys, *parts))
            case ast.Starred(value) | ast.NamedExpr(_, value):
                return self.safe(value, scope)
            case ast.ListComp(elt, loops) | ast.GeneratorExp(elt, loops) | ast.SetComp(elt, loops):
                return self.safe(elt, self.looped(loops, scope))
            case ast.DictComp(_, value, loops):
                return self.safe(value, self.looped(loops, scope))
            case ast.Lambda(_, body):
                return self.safe(body, Scope(scope.module, (*scope.around, node), scope.known))
            case ast.Subscript(value, _):
                return self.safe(value, scope)
            case ast.Attribute(value, attr):
                if attr == "__getitem__":
                    return self.safe(value, scope)
                if isinstance(value, ast.Name):
                    there, inner = scope.module.imports.get(value.id, ("", ""))
                    module = self.modules.get(f"{there}.{inner}")
                    if module is not None:
                        return self.constant(module, attr)
                return False
            case ast.Name(name):
                return self.name(name, scope)
            case ast.Call():
                return self.call(node, scope)
        return False

    def looped(self, loops: list[ast.comprehension], scope: Scope) -> Scope:
        for loop in loops:
            given = _each(loop.target, loop.iter, lambda e, s=scope: self.safe(e, s))
            scope = Scope(scope.module, scope.around, {**scope.known, **given})
        return scope

    def constant(self, module: Module, name: str) -> bool:
        if name in module.functions:
            return True
        values = module.constants.get(name)
        if values:
            return all(self.safe(v, Scope(module)) for v in values)
        if name in module.imports:
            there, inner = module.imports[name]
            return there in self.modules and self.constant(self.modules[there], inner)
        return False

    def name(self, name: str, scope: Scope) -> bool:
        if name in DOOR:
            return True  # handed over as a function
        if name in scope.known:
            return scope.known[name]
        for depth in range(len(scope.around), 0, -1):
            function = scope.around[depth - 1]
            inner = Scope(scope.module, scope.around[:depth], scope.known)
            if isinstance(function, Loop):
                outer = Scope(scope.module, scope.around[: depth - 1], scope.known)
                given = self.looped(function.generators, outer).known
                if name in given:
                    return given[name]
                continue
            mark = (id(function), name)
            if mark in self.busy:
                return True
            values = _assigned(function, name)
            parameter = next((a for a in _parameters(function) if a.arg == name), None)
            if not values and parameter is None:
                continue
            self.busy.add(mark)
            try:
                good = all(_each(t, v, lambda e, s=inner: self.safe(e, s)).get(name, False) for t, v in values)
                if good and parameter is not None:
                    good = self.parameter(function, parameter, scope.module)
            finally:
                self.busy.discard(mark)
            return good
        return self.constant(scope.module, name)

    def parameter(self, function: ast.FunctionDef | ast.Lambda, parameter: ast.arg, module: Module) -> bool:
        """A figure, or safe in every call there is."""
        note = parameter.annotation
        if note is not None and set(ast.unparse(note).replace("|", " ").split()) <= {*_FIGURES, "None"}:
            return True
        if isinstance(function, ast.Lambda):
            return False
        names = [a.arg for a in _parameters(function)]
        seen = False
        for call, scope in self.calls.get(function.name, ()):
            if self.resolved(call, scope) != (module, function):
                continue
            seen = True
            given = _given(call, names).get(parameter.arg)
            if given is not None and not self.safe(given, scope):
                return False
        return seen

    def call(self, call: ast.Call, scope: Scope) -> bool:
        name = _called(call)
        if name in DOOR | NUMBERS:
            return True
        values = [*call.args, *(k.value for k in call.keywords)]
        target = self.resolved(call, scope)
        if target is not None:
            module, function = target
            names = [a.arg for a in _parameters(function)]
            known = {a: self.safe(v, scope) for a, v in _given(call, names).items()}
            mark = (id(function), f"return {sorted(known.items())}")
            if mark in self.busy:
                return True
            self.busy.add(mark)
            try:
                for a, default in _defaults(function).items():
                    known.setdefault(a, self.safe(default, Scope(module)))
                for one in _parameters(function):
                    if one.annotation is not None and ast.unparse(one.annotation) in _FIGURES:
                        known[one.arg] = True
                inner = Scope(module, (function,), known)
                returned = [n.value for n in _own(function) if isinstance(n, ast.Return)]
                returned += [n.value for n in _own(function) if isinstance(n, ast.Yield)]
                return bool(returned) and all(self.safe(v, inner) for v in returned)
            finally:
                self.busy.discard(mark)
        if name in _KEEPERS:
            return all(self.safe(v, scope) for v in values)
        if isinstance(call.func, ast.Attribute) and (name == "join" or name in _TEXT_METHODS):
            rest = [] if name in {"replace", "split", "get"} else values
            rest = values[1:] if name in {"replace", "get"} else rest
            return self.safe(call.func.value, scope) and all(self.safe(v, scope) for v in rest)
        return False


def _called(call: ast.Call) -> str:
    func = call.func
    return func.id if isinstance(func, ast.Name) else func.attr if isinstance(func, ast.Attribute) else ""


def _numeric(spec: ast.expr) -> bool:
    text = "".join(str(v.value) if isinstance(v, ast.Constant) else "" for v in getattr(spec, "values", ()))
    return text[-1:] in {"f", "d", "g", "e", "%", ","} or text.startswith("%")


def _calls(module: Module) -> Iterator[tuple[ast.Call, Scope]]:
    return ((node, scope) for node, scope in _nodes(module) if isinstance(node, ast.Call))


def _nodes(module: Module) -> Iterator[tuple[ast.AST, Scope]]:
    def walk(node: ast.AST, around: tuple[Around, ...]) -> Iterator[tuple[ast.AST, Scope]]:
        yield node, Scope(module, around)
        inner = (*around, node) if isinstance(node, Around) else around
        for child in ast.iter_child_nodes(node):
            yield from walk(child, inner)

    return walk(module.tree, ())


def _parameters(function: ast.FunctionDef | ast.Lambda) -> list[ast.arg]:
    a = function.args
    return [*a.posonlyargs, *a.args, *a.kwonlyargs]


def _defaults(function: ast.FunctionDef) -> dict[str, ast.expr]:
    a = function.args
    plain = [*a.posonlyargs, *a.args]
    out = {p.arg: d for p, d in zip(plain[len(plain) - len(a.defaults) :], a.defaults, strict=True)}
    return out | {p.arg: d for p, d in zip(a.kwonlyargs, a.kw_defaults, strict=True) if d is not None}


def _given(call: ast.Call, names: list[str]) -> dict[str, ast.expr]:
    return dict(zip(names, call.args, strict=False)) | {k.arg: k.value for k in call.keywords if k.arg}


def _own(function: ast.FunctionDef | ast.Module) -> Iterator[ast.AST]:
    """The nodes of a function without those of functions inside it."""
    todo: list[ast.AST] = [*function.body]
    while todo:
        node = todo.pop()
        yield node
        if not isinstance(node, (ast.FunctionDef, ast.Lambda)):
            todo += ast.iter_child_nodes(node)


def _assigned(function: ast.FunctionDef | ast.Lambda, name: str) -> list[tuple[ast.expr, ast.expr]]:
    """(target, value) of everything that gives a name its value, in a function."""
    out: list[tuple[ast.expr, ast.expr]] = []
    if isinstance(function, ast.Lambda):
        return out
    for node in _own(function):
        pairs: Iterable[tuple[ast.expr, ast.expr | None]] = ()
        if isinstance(node, ast.Assign):
            pairs = [(t, node.value) for t in node.targets]
        elif isinstance(node, (ast.AnnAssign, ast.AugAssign, ast.NamedExpr)):
            pairs = [(node.target, node.value)]
        elif isinstance(node, ast.For):
            pairs = [(node.target, node.iter)]
        elif isinstance(node, ast.withitem) and node.optional_vars is not None:
            pairs = [(node.optional_vars, node.context_expr)]
        elif (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in {"append", "extend"}
        ):
            pairs = [(node.func.value, node.args[0])] if node.args else []
        out += [
            (t, v) for t, v in pairs if v is not None and name in {n.id for n in ast.walk(t) if isinstance(n, ast.Name)}
        ]
    return out


def _each(target: ast.expr, value: ast.expr, safe: object) -> dict[str, bool]:
    """Names of a target -> whether what they get is safe; a tuple against a tuple goes part by part."""
    if isinstance(target, ast.Name):
        return {target.id: safe(value)}  # type: ignore[operator]
    if isinstance(target, (ast.Subscript, ast.Attribute, ast.Starred)):
        return _each(target.value, value, safe)
    if isinstance(target, (ast.Tuple, ast.List)):
        if isinstance(value, ast.Call) and _called(value) == "enumerate" and len(target.elts) == 2:
            return {**_each(target.elts[0], ast.Constant(0), safe), **_each(target.elts[1], value.args[0], safe)}
        if isinstance(value, ast.Call) and _called(value) == "zip" and len(value.args) == len(target.elts):
            parts = zip(target.elts, value.args, strict=True)
            return {k: v for t, e in parts for k, v in _each(t, e, safe).items()}
        if isinstance(value, (ast.List, ast.Tuple)) and all(
            isinstance(e, ast.Tuple) and len(e.elts) == len(target.elts) for e in value.elts
        ):
            out: dict[str, bool] = {}
            for e in value.elts:
                for k, v in _each(target, e, safe).items():
                    out[k] = out.get(k, True) and v
            return out
        if isinstance(value, ast.Tuple) and len(value.elts) == len(target.elts):
            parts = zip(target.elts, value.elts, strict=True)
            return {k: v for t, e in parts for k, v in _each(t, e, safe).items()}
        good = safe(value)  # type: ignore[operator]
        return {n.id: good for n in ast.walk(target) if isinstance(n, ast.Name)}
    return {}


def sources() -> dict[str, tuple[str, str]]:
    """Every module of Terr and its pages."""
    out = {}
    for path in sorted([*(ROOT / "terr").rglob("*.py"), *(ROOT / "pages").glob("*.py"), ROOT / "app.py"]):
        short = path.relative_to(ROOT)
        name = ".".join(short.with_suffix("").parts).removesuffix(".__init__")
        out[name] = (short.as_posix(), path.read_text(encoding="utf-8"))
    return out
