# SPDX-License-Identifier: LGPL-2.1-or-later
"""What every core does for ever, as one function of its streams.

The loop acquires and releases objects and calls the steps of the program; how often comes from the
steps themselves, in the first words of the parameters. overlay.py lowers this function for the cores,
the test runs it on the host: range_ is what loops.

  begin(b, row, column, buffers)   a descriptor has come; sets PASSES
  pass_(buffers)                   a pass begins; sets INPUTS and OUTPUTS
  a(a, buffers)                    an A object is there; sets B_PER_INPUT and C_PER_INPUT
  ab(a, b, buffers)                a B object beside it
  ac(a, c, buffers)                a C object to fill while the A object is there
  c(c, buffers)                    a C object to fill at the end of the pass

A product is a pass for each tile: K / 128 inputs with one B each, one output (int16: two). A residual
add follows as a pass of four inputs, C with the column's own. Layer norm is two passes over the
inputs, C with the column's tiles in the second. Attention is one input, the queries, with a B object
for each block of keys, and one output. No object is held longer than the loop around it, which is
what the lowering of objectFifos can follow.
"""
PASSES, INPUTS, OUTPUTS, B_PER_INPUT, C_PER_INPUT = range(5)
COUNT_WORDS = 8  # of the parameters; the last three are not used

# Name, streams and further arguments of each step; all take the core's buffers after these.
STEPS = {
    'begin': ('b', 'row', 'column'),
    'pass': (),
    'a': ('a',),
    'ab': ('a', 'b'),
    'ac': ('a', 'c'),
    'c': ('c',),
}
SYMBOL = 'npu_core_{}'


def core_loop(a, b, c, steps, place, buffers, counts, range_):
    """One descriptor and all that it asks for. steps: by name; counts: the buffer with the counts."""
    descriptor = b.acquire(1)
    steps['begin'](descriptor, *place, *buffers)
    b.release(1)
    for _ in range_(counts[PASSES]):
        steps['pass'](*buffers)
        for _ in range_(counts[INPUTS]):
            a_object = a.acquire(1)
            steps['a'](a_object, *buffers)
            for _ in range_(counts[B_PER_INPUT]):
                b_object = b.acquire(1)
                steps['ab'](a_object, b_object, *buffers)
                b.release(1)
            for _ in range_(counts[C_PER_INPUT]):
                c_object = c.acquire(1)
                steps['ac'](a_object, c_object, *buffers)
                c.release(1)
            a.release(1)
        for _ in range_(counts[OUTPUTS]):
            c_object = c.acquire(1)
            steps['c'](c_object, *buffers)
            c.release(1)
