// SPDX-License-Identifier: LGPL-2.1-or-later
// What a calibration run in f32 saw of each activation: the range of every channel, and some rows.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace npu::quantised {

// Of one activation. `samples` are rows chosen evenly among all that were seen (reservoir sampling
// with a fixed seed).
struct ChannelStats {
  std::vector<float> peak;     // greatest magnitude, [channels]
  std::vector<float> samples;  // [rows()][channels]
  size_t seen = 0;             // rows

  size_t channels() const { return peak.size(); }
  size_t rows() const { return channels() == 0 ? 0 : samples.size() / channels(); }
  float greatest() const;
};

// Rows kept of each activation.
inline constexpr size_t kSampleRows = 128;

// By the name of what made the activation: that of its weights without ".weight"; attention's is
// the query's with "/attended". Not thread-safe.
class ActivationStats {
 public:
  // Adds `rows` rows, `stride` floats apart.
  void add(const std::string& name, const float* data, size_t rows, size_t channels, size_t stride);
  // nullptr: never seen.
  const ChannelStats* find(const std::string& name) const;

 private:
  std::map<std::string, ChannelStats> by_name_;
};

}  // namespace npu::quantised
