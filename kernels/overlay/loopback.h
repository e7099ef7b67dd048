// SPDX-License-Identifier: LGPL-2.1-or-later
// A program of the cores that computes nothing: it takes and gives as many objects as its
// descriptor says. With it the dataflow is tried and the bandwidth of its streams measured on new
// hardware.
#pragma once

#include <cstdint>

namespace kernels {

// The first words of a B object.
//
// Each pass takes `inputs` A objects, each of them `b_per_input` B objects, and gives `c_per_input`
// C objects that repeat the first half of that A object; after them come `outputs` C objects with a
// LoopbackReport. A B object with another magic asks for no pass: it is taken, and that is all.
struct LoopbackDescriptor {
  static constexpr int32_t kMagic = 0x504f4f4c;  // "LOOP"
  int32_t magic;
  int32_t passes;
  int32_t inputs;
  int32_t outputs;
  int32_t b_per_input;
  int32_t c_per_input;
};

// The first words of a C object at the end of a pass; the others are 0.
struct LoopbackReport {
  int32_t row;
  int32_t column;
  int32_t a_objects;  // since the descriptor
  int32_t b_objects;  // since the descriptor, without it
  int32_t a_words;    // exclusive or of the first words of all these A objects
  int32_t b_words;    // of the B objects
};

}  // namespace kernels
