// SPDX-License-Identifier: LGPL-2.1-or-later
// The program of a core on the host. For tests and for models of the array.
#pragma once

#include "core/core.h"

namespace kernels {

// Objects are 32-byte aligned: 8,192 bytes of A and B, 4,096 of C. See core_main.h.
class HostSource {
 public:
  virtual ~HostSource() = default;
  virtual bool more() = 0;
  virtual const int8_t* acquire() = 0;  // more() was true, or the stream lacks objects
  virtual void release() = 0;
};

class HostSink {
 public:
  virtual ~HostSink() = default;
  virtual int8_t* acquire() = 0;
  virtual void release() = 0;
};

// core_main of a program; returns when B has no further operation, or stopped.
void run_core(Program program, HostSource& a, HostSource& b, HostSink& c, CoreState& state);

}  // namespace kernels
