// SPDX-License-Identifier: LGPL-2.1-or-later
// Observations as JSON, one object a line, on standard output.
#pragma once

#include <gst/gst.h>

#include <cstdio>
#include <mutex>
#include <nlohmann/json.hpp>

namespace npu::testing {

// Thread-safe: pads' threads write beside the bus's.
class JsonLines {
 public:
  void write(const nlohmann::json& object) {
    const std::string line =
        object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
    const std::lock_guard lock(mutex_);
    std::fwrite(line.data(), 1, line.size(), stdout);
  }

 private:
  std::mutex mutex_;
};

// Nanoseconds; null for GST_CLOCK_TIME_NONE.
inline nlohmann::json json_time(GstClockTime time) {
  return GST_CLOCK_TIME_IS_VALID(time) ? nlohmann::json(time) : nlohmann::json();
}

}  // namespace npu::testing
