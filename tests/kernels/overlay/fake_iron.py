# SPDX-License-Identifier: LGPL-2.1-or-later
"""The part of mlir-aie's IRON that overlay.py calls, recording instead of lowering, and what it needs of
numpy. Signatures and refusals are those of the release that build.sh names; whether that release makes
of these calls what the description says is not shown by it.
"""
import sys
import types


class Sized:
    """numpy.ndarray[(count,), numpy.dtype[element]]."""

    def __init__(self, count, element):
        self.bytes = count * {'int8': 1, 'int32': 4}[element]
        self.element = element


class NdArray:
    def __class_getitem__(cls, key):
        (count,), element = key
        return Sized(count, element)


class DType:
    def __class_getitem__(cls, element):
        return element


class Tile:
    def __init__(self, col=None, row=None):
        self.col, self.row = col, row

    @property
    def place(self):
        return self.col, self.row


class Handle:
    def __init__(self, fifo, depth, channel, tile):
        self.fifo, self.depth, self.channel, self.shim = fifo, depth, channel, tile
        self.endpoint = None  # (column, row)

    def bind(self, place):
        if self.endpoint not in (None, place):
            raise ValueError(f'{self.fifo.name}: endpoint already set')
        self.endpoint = place


class ObjectFifo:
    made = []

    def __init__(self, obj_type, *, depth=2, name=None):
        self.obj_type, self.depth, self.name = obj_type, depth, name
        self.producer, self.consumers = None, []
        ObjectFifo.made.append(self)

    def prod(self, depth=None, channel=None, tile=None):
        if self.producer is None:
            self.producer = Handle(self, depth or self.depth, channel, tile)
        elif self.producer.channel != channel:
            raise ValueError(f'{self.name}: producer already pinned')
        return self.producer

    def cons(self, depth=None, from_stream=None, channel=None, tile=None):
        self.consumers.append(Handle(self, depth or self.depth, channel, tile))
        return self.consumers[-1]


class ObjectFifoLink:
    made = []

    def __init__(self, srcs, dsts, tile=None, src_offsets=None, dst_offsets=None):
        if len(srcs) != 1 and len(dsts) != 1:
            raise ValueError('several sources or several destinations, not both')
        for offsets, side in ((src_offsets, srcs), (dst_offsets, dsts)):
            if offsets and len(offsets) != len(side):
                raise ValueError('one offset for each')
        self.srcs, self.dsts, self.src_offsets = srcs, dsts, src_offsets
        for handle in srcs + dsts:
            handle.bind(tile.place)
        ObjectFifoLink.made.append(self)


class Buffer:
    def __init__(self, type=None, initial_value=None, name=None):
        self.type, self.name = type, name


class Kernel:
    def __init__(self, name, object_file_name, arg_types=()):
        self.name, self.object_file_name, self.arg_types = name, object_file_name, arg_types


class Worker:
    def __init__(self, core_fn, fn_args=None, tile=None, while_true=True, stack_size=None):
        self.core_fn, self.fn_args, self.tile, self.stack_size = core_fn, fn_args, tile, stack_size
        self.while_true = while_true
        for argument in fn_args:
            if isinstance(argument, ObjectFifo):
                raise ValueError('a fifo, not its handle')
            if isinstance(argument, Handle):
                argument.bind(tile.place)


class Runtime:
    def __init__(self, seq_fn, fn_args=None):
        self.seq_fn, self.fn_args = seq_fn, fn_args
        for argument in fn_args:
            if isinstance(argument, Handle):
                argument.bind(argument.shim.place)


class Program:
    def __init__(self, device, rt, workers=None):
        self.device, self.runtime, self.workers = device, rt, workers


def from_name(name, n_cols=None):
    return name, n_cols


def install():
    """Puts the modules in place, empty of what was made before."""
    ObjectFifo.made, ObjectFifoLink.made = [], []

    def module(name, **members):
        made = types.ModuleType(name)
        vars(made).update(members)
        sys.modules[name] = made
        return made
    module('numpy', ndarray=NdArray, dtype=DType, int8='int8', int32='int32')
    parts = {
        'dataflow': module('aie.iron.dataflow', ObjectFifoLink=ObjectFifoLink),
        'device': module('aie.iron.device', Tile=Tile, from_name=from_name),
    }
    iron = module('aie.iron', ObjectFifo=ObjectFifo, Buffer=Buffer, Kernel=Kernel, Worker=Worker,
                  Runtime=Runtime, Program=Program, **parts)
    module('aie', iron=iron)
