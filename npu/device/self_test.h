// SPDX-License-Identifier: LGPL-2.1-or-later
// Does the NPU compute what it should? Each kind of operation, alone and in its list, compared with
// precision=npu on the CPU, bit for bit.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "device/open.h"
#include "quantised/network.h"

namespace npu {

// The lists of a subject, in this order.
enum SelfTestList : size_t {
  kTestEncoder,    // features -> encoded
  kTestCrossKv,    // on as many positions
  kTestStep,       // row table -> scores
  kTestAlignment,  // the same, with scores of alignment heads
  kTestLists
};

// What is run: lists, and a network that fits them.
struct SelfTestSubject {
  std::string name;  // for people
  std::vector<OpList> lists;
  std::shared_ptr<const quantised::Network> network;
};

// What one operation of the array gave, or one list as a transcription runs it.
struct CheckedOperation {
  std::string list;        // "encoder", "decode step, 16 rows"
  std::string kind;        // "product, GELU"
  std::string parameters;  // "encoder.blocks.0.mlp.0"
  std::string shape;       // of a product rows x inputs x outputs
  uint64_t bytes = 0;      // compared; 0: `remark` says what shows a difference
  uint64_t differing = 0;
  double host_ms = 0;  // from the start of the command to its end; for a list of the whole replay
  std::string remark;
  std::string first_difference;  // where, expected and found; "" if there is none
};

struct NpuReport {
  // What a report of a fault must name: device, driver, firmware, versions, overlay.
  std::vector<std::pair<std::string, std::string>> facts;
  std::string subject;
  std::vector<CheckedOperation> operations;
  // Why it ended before all was done (a command failed or did not end); "" if it did not.
  std::string ended_early;

  uint64_t compared_bytes() const;
  // Operations that differ.
  size_t failures() const;
  bool passed() const;
};

// Opens the NPU, and gives each operation of the lists the inputs that the CPU has for it. After a
// difference it goes on with what was expected, so that each is judged by itself. Takes a hardware
// context for itself, and some 10 s where the NPU is a model of one.
// Errors: those of open_device() for "npu", kUnsupported (the subject is not the array's),
// kOutOfMemory. A difference is none of them, nor is a device that fails on the way.
Result<NpuReport> self_test_npu(const DeviceRequest& request, const SelfTestSubject& subject);

}  // namespace npu
