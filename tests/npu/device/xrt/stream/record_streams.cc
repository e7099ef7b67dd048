// SPDX-License-Identifier: LGPL-2.1-or-later
// record_streams FOLDER GOLDEN.hex...: writes the instruction streams of a small network and of
// Whisper base, and those of the golden files, for disassembly.py. Of each stream
//   NAME.bin    its words
//   NAME.ops    its operations, as the twin reads them, a line each
//   NAME.tasks  what the writer was told to start, in the order of each channel; none for golden
//               ones
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iostream>

#include "recorded_streams.h"
#include "stream.h"

namespace npu::testing {
namespace {

using array::ShimBd;
using array::Task;

constexpr ModelDims kSmall{80, 192, 3, 2, 2, 5000, 768};
constexpr ModelDims kBase{80, 512, 8, 6, 6, 51865, 2048};

void write_operation(const twin::Operation& operation, std::ostream& out) {
  switch (operation.code) {
    case twin::OpCode::kWrite:
      out << "write " << operation.address << " " << operation.values[0];
      break;
    case twin::OpCode::kBlockWrite:
      out << "block " << operation.address << " " << operation.values.size();
      for (const uint32_t value : operation.values) out << " " << value;
      break;
    case twin::OpCode::kMaskWrite:
      out << "mask " << operation.address << " " << operation.mask << " " << operation.values[0];
      break;
    case twin::OpCode::kWait:
      out << "wait " << operation.channel.column << " "
          << (operation.channel.direction == twin::Direction::kS2mm ? "S2MM" : "MM2S") << " "
          << operation.channel.number;
      break;
    case twin::OpCode::kPatch:
      out << "patch " << operation.address << " " << operation.argument << " " << operation.offset;
      break;
  }
  out << "\n";
}

void write_task(const Task& task, std::ostream& out) {
  const bool in = task.channel.direction == array::Direction::kS2mm;
  out << "task " << task.channel.column << " " << (in ? "S2MM" : "MM2S") << " "
      << task.channel.index << " " << task.repeats << " " << task.token << " " << task.chain.size()
      << "\n";
  for (const ShimBd& bd : task.chain) {
    out << "bd " << bd.place.argument << " " << bd.place.offset_bytes << " " << bd.length << " "
        << bd.d0.wrap << " " << bd.d0.step << " " << bd.d1.wrap << " " << bd.d1.step << " "
        << bd.d2_step << " " << bd.iteration.wrap << " " << bd.iteration.step << "\n";
  }
}

bool write_words(const std::vector<uint32_t>& words, const std::filesystem::path& stem) {
  std::ofstream bin(stem.string() + ".bin", std::ios::binary), ops(stem.string() + ".ops");
  bin.write(reinterpret_cast<const char*>(words.data()),
            static_cast<std::streamsize>(words.size() * sizeof(uint32_t)));
  if (const auto fault = twin::check_format(words)) {
    std::cerr << stem << ": " << fault->message << "\n";
    return false;
  }
  const auto operations = twin::parse(words, twin::Target{});
  for (const twin::Operation& operation : operations) write_operation(operation, ops);
  return bin.good() && ops.good();
}

bool write_network(const std::string& size, const ModelDims& dims,
                   const std::filesystem::path& folder) {
  const std::vector<RecordedStream> streams = recorded_streams(dims);
  for (const RecordedStream& stream : streams) {
    const std::filesystem::path stem = folder / (size + " " + stream.name);
    if (!write_words(stream.words, stem)) return false;
    std::ofstream tasks(stem.string() + ".tasks");
    for (const array::Transfers& transfers : stream.transfers)
      for (const array::Slice& slice : transfers.slices)
        for (const auto* of : {&slice.c, &slice.b, &slice.a})
          for (const Task& task : *of) write_task(task, tasks);
    if (!tasks.good()) return false;
  }
  return !streams.empty();
}

bool write_golden(const std::filesystem::path& from, const std::filesystem::path& folder) {
  std::ifstream file(from);
  std::vector<uint32_t> words;
  for (std::string line; std::getline(file, line);)
    words.push_back(static_cast<uint32_t>(std::stoul(line, nullptr, 16)));
  return !words.empty() && write_words(words, folder / ("golden " + from.stem().string()));
}

}  // namespace
}  // namespace npu::testing

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  if (argc < 2) {
    std::cerr << "usage: record_streams FOLDER GOLDEN.hex...\n";
    return 2;
  }
  const std::filesystem::path folder = argv[1];
  bool ok = npu::testing::write_network("small", npu::testing::kSmall, folder) &&
            npu::testing::write_network("base", npu::testing::kBase, folder);
  for (int i = 2; i < argc && ok; ++i) ok = npu::testing::write_golden(argv[i], folder);
  if (!ok) std::cerr << "record_streams: streams could not be recorded or written\n";
  return ok ? 0 : 1;
}
