# SPDX-License-Identifier: LGPL-2.1-or-later
"""Sizes of objects and of a core's buffers, read from the headers that the kernels are compiled with.

kernels/layout/tile.h and program.h stay the only place where a size is written down.
"""
import ast
import dataclasses
import pathlib
import re

FOLDER = pathlib.Path(__file__).resolve().parent.parent / 'layout'

CONSTANT = re.compile(r'^\s*(?:inline |static )?constexpr \w+ (k\w+) =\s*([^;]+);', re.M)
STRUCT = re.compile(r'^struct (\w+) \{(.*?)^\};', re.M | re.S)
COMMENT = re.compile(r'//[^\n]*')
TYPE_BYTES = {'int8_t': 1, 'uint8_t': 1, 'int16_t': 2, 'uint16_t': 2, 'int32_t': 4, 'uint32_t': 4}
OPERATORS = {ast.Add: int.__add__, ast.Sub: int.__sub__, ast.Mult: int.__mul__, ast.Div: int.__floordiv__}

# Members of CoreMemory that are no local buffer: the tile's limits, the fifos, the stack, the sum.
NOT_BUFFERS = {'kData', 'kProgram', 'kInputs', 'kOutput', 'kStack', 'kTotal'}


class LayoutError(Exception):
    pass


def evaluate(expression, known, where):
    """The value of a constant expression of sums and products over known names."""
    text = re.sub(r'sizeof\((\w+)\)', lambda found: str(TYPE_BYTES.get(found[1], found[0])), expression)
    text = re.sub(r'size_t\{(\w+)\}', r'\1', text)
    text = ' '.join(text.split()).replace('::', '__')

    def value(node):
        if isinstance(node, ast.Constant) and isinstance(node.value, int):
            return node.value
        if isinstance(node, ast.Name) and isinstance(known.get(node.id), int):
            return known[node.id]
        if isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
            return OPERATORS[type(node.op)](value(node.left), value(node.right))
        raise LayoutError(f'{where}: expected a sum or product of known constants, found {expression!r}')

    try:
        return value(ast.parse(text, mode='eval').body)
    except SyntaxError as error:
        raise LayoutError(f'{where}: expected a constant expression, found {expression!r}') from error


def evaluate_all(text, known, where):
    """{name: value, or the LayoutError that says why it has none} of the constants of a text."""
    values = {}
    for name, expression in CONSTANT.findall(text):
        try:
            values[name] = evaluate(expression, {**known, **values}, f'{where}{name}')
        except LayoutError as error:
            values[name] = error
    return values


class Header:
    """The constants of a header: those of its namespace as kName, members as Struct::kName."""

    def __init__(self, path):
        self.path = path
        text = COMMENT.sub('', path.read_text(encoding='utf-8'))
        self.values = evaluate_all(STRUCT.sub('', text), {}, f'{path}: ')
        self.structs = {}
        known = dict(self.values)
        for struct, body in STRUCT.findall(text):
            self.structs[struct] = evaluate_all(body, known, f'{path}: {struct}::')
            for name, value in self.structs[struct].items():
                known[f'{struct}__{name}'] = self.values[f'{struct}::{name}'] = value

    def value(self, name):
        if name not in self.values:
            raise LayoutError(f'{self.path}: expected the constant {name}, found none')
        if isinstance(self.values[name], LayoutError):
            raise self.values[name]
        return self.values[name]


@dataclasses.dataclass(frozen=True)
class Layout:
    object_bytes: int  # of A and of B
    tile_bytes: int  # of C, a tile of int8
    stack_bytes: int
    buffers: tuple  # (name, bytes) of a core's local buffers, in the order of the header
    core_bytes: int  # the header's own sum
    program_estimate: int


def read_layout(folder=FOLDER):
    tile, program = Header(folder / 'tile.h'), Header(folder / 'program.h')
    # kScratch is the buffer "scratch".
    buffers = tuple((name[1:].lower(), tile.value(f'CoreMemory::{name}'))
                    for name in tile.structs.get('CoreMemory', {}) if name not in NOT_BUFFERS)
    return Layout(
        object_bytes=tile.value('kObjectBytes'),
        tile_bytes=tile.value('CoreMemory::kOutput'),
        stack_bytes=tile.value('CoreMemory::kStack'),
        buffers=buffers,
        core_bytes=tile.value('CoreMemory::kTotal'),
        program_estimate=program.value('ProgramEstimate::kTotal'))
