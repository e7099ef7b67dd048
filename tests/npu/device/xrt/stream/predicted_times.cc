// SPDX-License-Identifier: LGPL-2.1-or-later
// predicted_times [DOCUMENT]: prints what the estimator predicts for Whisper base, as the tables of
// docs/npu.md. With the document, says which of their lines are not in it, and ends with 1 then.
#include <gtest/gtest.h>

#include <fstream>
#include <iostream>
#include <map>
#include <set>
#include <sstream>

#include "predicted_streams.h"

namespace npu::testing {
namespace {

constexpr ModelDims kBase{80, 512, 8, 6, 6, 51865, 2048};
constexpr double kLowGb = 20, kMidGb = 28;

std::string fixed(double value, int digits) {
  std::ostringstream out;
  out << std::fixed;
  out.precision(digits);
  out << value;
  return out.str();
}

// "encoder.blocks.3.attn.query+encoder.blocks.3.attn.key, 1536 rows" -> "attn.query, key": the same
// operations of all layers are one row.
std::string kind_of(const array::Operation& operation) {
  std::istringstream parts(operation.name.substr(0, operation.name.find(", ")));
  std::string name;
  for (std::string part; std::getline(parts, part, '+');) {
    if (!name.empty()) {
      name += ", " + part.substr(part.rfind('.') + 1);
      continue;
    }
    const size_t layer = part.find(".blocks.");
    name = layer == std::string::npos ? part : part.substr(part.find('.', layer + 8) + 1);
  }
  if (operation.op == kernels::Op::kAttention) name += ", attention";
  if (operation.op == kernels::Op::kAlignment) name += ", alignment";
  return name;
}

// Steps of one kind.
struct Sum {
  size_t steps = 0;
  double controller = 0, streams = 0, memory = 0, cores = 0, total = 0, total_mid = 0;
  void add(const twin::Prediction& low, const twin::Prediction& mid) {
    ++steps;
    controller += low.controller, streams += low.streams, memory += low.memory, cores += low.cores;
    total += low.total, total_mid += mid.total;
  }
};

std::string line(const std::string& name, const Sum& sum) {
  constexpr double kMs = 1e6;  // cycles at 1.0 GHz
  std::string text_of = "| " + name + " | " + std::to_string(sum.steps);
  for (const double cycles :
       {sum.controller, sum.streams, sum.memory, sum.cores, sum.total, sum.total_mid})
    text_of += " | " + fixed(cycles / kMs, 3);
  return text_of + " |";
}

// MB that a list moves, and KB of its stream.
std::string moved_line(const RecordedStream& stream) {
  uint64_t words[3] = {};
  for (const auto& segment :
       twin::segments_of(twin::parse(stream.words, twin::Target{}), twin::Target{}))
    for (size_t i = 0; i < segment.words.size(); ++i) words[i % 3] += segment.words[i];
  std::string made = "| " + stream.name;
  for (const uint64_t of : words) made += " | " + fixed(4e-6 * static_cast<double>(of), 1);
  return made + " | " + fixed(1e-3 * 4 * static_cast<double>(stream.words.size()), 0) + " |";
}

// Lines of the tables.
std::vector<std::string> tables() {
  std::vector<std::string> lines{
      "| operations | steps | controller | streams | memory | cores | 20 GB/s | 28 GB/s |",
      "|---|---|---|---|---|---|---|---|"};
  std::vector<std::string> moved{"| list | A, MB | B, MB | C, MB | stream, KB |",
                                 "|---|---|---|---|---|"};
  twin::Costs low, mid;
  low.memory_gb_per_s = kLowGb;
  mid.memory_gb_per_s = kMidGb;
  for (const RecordedStream& stream : recorded_streams(kBase)) {
    static const std::set<std::string> kShown{"encoder", "cross K,V", "step", "prompt", "beams"};
    if (!kShown.contains(stream.name)) continue;
    const auto at_low = predicted_steps(stream, low), at_mid = predicted_steps(stream, mid);
    std::vector<std::string> order;
    std::map<std::string, Sum> sums;
    Sum all;
    for (size_t i = 0; i < at_low.size(); ++i) {
      const std::string kind = kind_of(*at_low[i].operation);
      if (!sums.contains(kind)) order.push_back(kind);
      sums[kind].add(at_low[i].time, at_mid[i].time);
      all.add(at_low[i].time, at_mid[i].time);
    }
    const bool is_detailed = stream.name != "prompt" && stream.name != "beams";
    for (const std::string& kind : order)
      if (is_detailed) lines.push_back(line(stream.name + ": " + kind, sums[kind]));
    lines.push_back(line("**" + stream.name + "**", all));
    moved.push_back(moved_line(stream));
  }
  lines.insert(lines.end(), moved.begin(), moved.end());
  return lines;
}

}  // namespace
}  // namespace npu::testing

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  const std::vector<std::string> lines = npu::testing::tables();
  if (::testing::Test::HasFailure() || lines.empty()) return 1;
  std::string document;
  if (argc > 1) {
    std::ifstream file(argv[1]);
    document = std::string(std::istreambuf_iterator<char>(file), {});
  }
  bool ok = true;
  for (const std::string& line : lines) {
    std::cout << line << "\n";
    if (argc < 2 || document.find("\n" + line + "\n") != std::string::npos) continue;
    std::cerr << argv[1] << ": expected the line above, which is not there\n";
    ok = false;
  }
  return ok ? 0 : 1;
}
