"""Which file of a crate imports from which. Fails on circles among them and on imports through the crate's root.

An import is a path in code: all of a `use`, and elsewhere what begins with `crate`, `super`, `self` or a child module.
It goes to the file of the deepest module on it. None is a `pub use` of something below, which a file that is a front
does not need for itself; nor `crate::name!`, since a macro has no other path; nor what a `tests.rs` imports.
"""

import re
import sys
from pathlib import Path

TOKEN = re.compile(
    r"""//[^\n]*|/\*.*?\*/|b?r(\#*)".*?"\1|b?"(?:\\.|[^"\\])*"|b?'(?:\\[^']+|[^\\'])'|'\w+
    |(?P<word>pub\s*\([^)]*\)|\$?\w+|::|[^\s])""",
    re.S | re.X,
)


class File:
    def __init__(self, path, source):
        self.path = path
        parts = path.relative_to(source).with_suffix("").parts
        self.module = () if parts in (("lib",), ("main",)) else parts
        self.inline = set()  # modules with a body in this file
        self.paths = []  # (line, module that it stands in, words)
        text = path.read_text()
        self.words = [(m["word"], text.count("\n", 0, m.start()) + 1) for m in TOKEN.finditer(text) if m["word"]]
        self.words += [("", 0)] * 3
        self.read()

    def word(self, at):
        return self.words[at][0]

    def read(self):
        around, depth, at = [], 0, 0
        while self.word(at):
            word, line = self.words[at]
            scope = self.module + tuple(name for name, _ in around)
            if word == "mod" and self.word(at + 2) == "{":
                around.append((self.word(at + 1), depth))
                self.inline.add(scope + (self.word(at + 1),))
            depth += (word == "{") - (word == "}")
            if word == "}" and around and around[-1][1] == depth:
                around.pop()
            if word == "use" and self.word(at + 1) != "<":  # not `+ use<…>`
                public = self.word(at - 1).startswith("pub")
                paths, at = self.tree(at + 1)
                paths = [(line, scope, path) for line, path in paths]
                self.paths += [p for p in paths if not public or p[2][0] in ("crate", "super")]
            elif self.word(at + 1) == "::" and self.word(at - 1) not in ("::", "."):
                path = [word]
                while self.word(at + 1) == "::" and re.match(r"\w", self.word(at + 2)):
                    path.append(self.word(at + 2))
                    at += 2
                if not (len(path) == 2 and self.word(at + 1) == "!"):
                    self.paths.append((line, scope, path))
            at += 1

    def tree(self, at):
        """The paths of the `use` tree that begins at `at`, and where it ends."""
        line, head, found = self.words[at][1], [], []
        while re.match(r"\$?\w|\*", self.word(at)):
            head.append(self.word(at))
            at += 1 + (self.word(at + 1) == "::")
            if self.word(at - 1) != "::":
                break
        if self.word(at) == "{" and (not head or self.word(at - 1) == "::"):
            at += 1
            while self.word(at) != "}":
                paths, at = self.tree(at)
                found += [(line, head + path) for line, path in paths]
                at += self.word(at) == ","
            return found, at + 1
        return [(line, head)], at + 2 * (self.word(at) == "as")


def target(scope, path, modules):
    """The module whose file `path` leads to from `scope`; none if it leaves the crate."""
    words = list(path)
    if words[0] in ("crate", "self", "super"):
        base = () if words[0] == "crate" else scope
        while words and words[0] in ("crate", "self", "super"):
            base = base[:-1] if words.pop(0) == "super" else base
    elif scope + (words[0],) in modules:
        base = scope
    else:
        return None
    while words and base + (words[0],) in modules:
        base += (words.pop(0),)
    return modules[base]


def circles(edges):
    """The sets of files that reach each other."""
    def reached(start):
        found, todo = set(), [start]
        while todo:
            new = edges[todo.pop()].keys() - found
            found |= new
            todo += new
        return found

    reach = {file: reached(file) for file in edges}
    return {frozenset(b for b in reach[a] if a in reach[b]) for a in edges if a in reach[a]}


def check(source):
    files = [File(path, source) for path in sorted(source.rglob("*.rs")) if path.name != "tests.rs"]
    modules = {file.module: file.path for file in reversed(files)}  # `lib.rs` is the root, not `main.rs`
    for file in files:
        modules.update({module: file.path for module in file.inline})
    root, edges, bad = modules[()], {file.path: {} for file in files}, 0
    for file in files:
        for line, scope, path in file.paths:
            to = target(scope, path, modules)
            if to == root and file.module:
                print(f"{file.path}:{line}: `{'::'.join(path)}` is imported through the root")
                bad += 1
            elif to and to != file.path:
                edges[file.path].setdefault(to, line)
    for circle in sorted(map(sorted, circles(edges))):
        print("a circle:")
        for a in circle:
            for b in filter(edges[a].get, circle):
                print(f"  {a}:{edges[a][b]} imports from {b}")
        bad += 1
    print(f"{source}: {len(files)} files, {sum(map(len, edges.values()))} imports, {bad} wrong")
    return bad


if __name__ == "__main__":
    sys.exit(sum([check(Path(source)) for source in sys.argv[1:]]) != 0)
