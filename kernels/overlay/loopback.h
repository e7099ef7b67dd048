// SPDX-License-Identifier: LGPL-2.1-or-later
// A program of the cores that computes nothing: it takes and gives as many objects as its
// descriptor says. With it the dataflow is tried and the bandwidth of its streams measured on new
// hardware.
#pragma once

#include <cstddef>
#include <cstdint>

#include "layout/tile.h"

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
  int32_t a_objects;  // since the descriptor
  int32_t b_objects;  // since the descriptor, without it
  int32_t a_words;    // exclusive or of the first words of all these A objects
  int32_t b_words;    // of the B objects
};

// A, B, C: fifos as core_main's (core/core_main.h).
template <typename InA, typename InB, typename OutC>
class Loopback {
 public:
  Loopback(InA& a, InB& b, OutC& c, int32_t row) : a_(a), b_(b), c_(c), row_(row) {}

  // One descriptor and all that it asks for.
  void operation() {
    LoopbackDescriptor descriptor;
    __builtin_memcpy(&descriptor, b_.acquire(), sizeof descriptor);
    b_.release();
    report_ = {row_, 0, 0, 0, 0};
    if (descriptor.magic != LoopbackDescriptor::kMagic) return;
    for (int32_t pass = 0; pass < descriptor.passes; pass++) {
      for (int32_t n = 0; n < descriptor.inputs; n++) take_input(descriptor);
      for (int32_t n = 0; n < descriptor.outputs; n++) send(&report_, sizeof report_);
    }
  }

 private:
  void take_input(const LoopbackDescriptor& descriptor) {
    const int8_t* a = a_.acquire();
    note(a, &report_.a_objects, &report_.a_words);
    for (int32_t n = 0; n < descriptor.b_per_input; n++) {
      note(b_.acquire(), &report_.b_objects, &report_.b_words);
      b_.release();
    }
    for (int32_t n = 0; n < descriptor.c_per_input; n++) send(a, CoreMemory::kOutput);
    a_.release();
  }

  static void note(const int8_t* object, int32_t* objects, int32_t* words) {
    int32_t first;
    __builtin_memcpy(&first, object, sizeof first);
    ++*objects;
    *words ^= first;
  }

  // A C object that begins with so many bytes.
  void send(const void* from, size_t bytes) {
    int8_t* c = c_.acquire();
    for (size_t i = 0; i < CoreMemory::kOutput; i++) {
      c[i] = i < bytes ? static_cast<const int8_t*>(from)[i] : int8_t{0};
    }
    c_.release();
  }

  InA& a_;
  InB& b_;
  OutC& c_;
  int32_t row_;
  LoopbackReport report_ = {};
};

}  // namespace kernels
