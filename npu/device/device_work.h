// SPDX-License-Identifier: LGPL-2.1-or-later
// What lists have cost a device that runs them beside the host: for profiles.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "device/device.h"

namespace npu {

// Of all replays of the lists of one name, in all contexts. Times are the host's, by its clock.
struct ListWork {
  std::string list;  // OpList::name; kLoadingWork
  int64_t replays = 0;
  int64_t commands = 0;  // submitted
  double device_s = 0;   // from the start of the first command to the end of the last one
  double logits_s = 0;   // reducing logits
  double host_s = 0;     // the rest of the replays: rows, descriptors, instruction streams, syncs
  uint64_t bytes_to_device = 0, bytes_from_device = 0;  // synced

  ListWork& operator+=(const ListWork& more);
};

// Weights, and the buffers of contexts as they are made: no list's.
inline constexpr const char* kLoadingWork = "loading";

// A device that counts.
class WorkMeter {
 public:
  virtual ~WorkMeter() = default;
  // Since the device was opened, in the order in which lists first ran. Thread-safe.
  virtual std::vector<ListWork> work() const = 0;
};

// What the device has counted; empty if it counts nothing, as the CPU, which has no commands.
std::vector<ListWork> work_of(const Device& device);

// Adds up. Thread-safe. Allocates only when a list is new.
class WorkCounter {
 public:
  void add(std::string_view list, const ListWork& more);
  std::vector<ListWork> lists() const;

 private:
  mutable std::mutex mutex_;
  std::vector<ListWork> lists_;  // guarded by mutex_
};

}  // namespace npu
