// SPDX-License-Identifier: LGPL-2.1-or-later
// A network twice: on the NPU device, whose array is the twin, and in a test's own memory, where
// each operation is compared with precision=npu on the CPU (array_model.h). What both keep is
// compared byte by byte.
#pragma once

#include "array_model.h"
#include "device/xrt/context.h"
#include "on_twin.h"

namespace npu::testing {

class DeviceBesideModel {
 public:
  // One stream. After a failure ready() is false.
  DeviceBesideModel(std::span<const OpList> lists, quantised::Network network);
  bool ready() const { return npu_ && model_.ready(); }

  // Compares the encoder's result and the bytes of the cross cache.
  void encode(size_t encoder, size_t cross_kv, std::span<const float> mel);
  // Compares all logits of the rows and the bytes of the self cache.
  void step(size_t list, std::span<const Row> rows);
  // The likeliest token after the last row.
  int best_token() const;

 private:
  void compare_encoded(size_t encoder);
  void compare_cache(array::Buffer buffer, const char* name);
  void run(size_t list, const Replay& replay);

  xrt_double::XclbinOnDisk overlay_{overlay_spec()};
  cpu::Pool pool_{2};
  ArrayModel model_;
  std::unique_ptr<array::Hardware> hardware_;
  std::unique_ptr<array::ArrayProgram> program_;
  std::unique_ptr<Context> npu_;
};

}  // namespace npu::testing
