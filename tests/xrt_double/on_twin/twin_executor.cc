// SPDX-License-Identifier: LGPL-2.1-or-later
#include "twin_executor.h"

#include <cstring>
#include <optional>
#include <vector>

#include "xrt_headers.h"

namespace xrt_double {
namespace {

using npu::twin::WordMap;

// The name in an AIE_PARTITION section; "" if there is none.
std::string name_of(std::span<const std::byte> partition) {
  aie_partition head;
  if (partition.size() < sizeof head) return {};
  std::memcpy(&head, partition.data(), sizeof head);
  if (head.mpo_name >= partition.size()) return {};
  const auto* begin = reinterpret_cast<const char*>(partition.data()) + head.mpo_name;
  return {begin, strnlen(begin, partition.size() - head.mpo_name)};
}

std::optional<kernels::Program> program_of(const std::string& name) {
  if (name == "whisper") return kernels::Program::kWhisper;
  if (name == "encoder") return kernels::Program::kEncoder;
  if (name == "decoder") return kernels::Program::kDecoder;
  return {};
}

// The twin's maps of what is known, one for each memory that the buffers are of: taken from the
// double's for a run, and what the array has written given back.
class Maps {
 public:
  WordMap* of(KnownWords* known) {
    auto& map = maps_[known];
    if (map) return map.get();
    map = std::make_unique<WordMap>(known->words());
    for (size_t word = 0; word < known->words(); ++word)
      if (known->knows(word)) map->set(word, 1);
    return map.get();
  }
  void give_back() {
    for (const auto& [known, map] : maps_)
      for (size_t word = 0; word < known->words(); ++word)
        if (!known->knows(word) && !map->unset(word, 1)) known->mark(word, 1);
  }

 private:
  std::map<KnownWords*, std::unique_ptr<WordMap>> maps_;
};

}  // namespace

Outcome TwinExecutor::run(const Stream& stream) {
  const std::string name = name_of(stream.partition);
  const auto program = program_of(name);
  if (!program)
    return {Outcome::Kind::kFault,
            "expected an xclbin whose partition is named whisper, encoder or decoder, found '" +
                name + "'"};
  auto& array = arrays_[name];
  if (!array) array = std::make_unique<npu::twin::Array>(npu::twin::Target(), *program);
  Maps maps;
  WordMap none;
  std::vector<npu::twin::Buffer> buffers;
  for (const DeviceBuffer& buffer : stream.buffers) {
    WordMap* written = buffer.words ? maps.of(buffer.words) : &none;
    buffers.push_back({buffer.bytes, buffer.address, written, buffer.first_word});
  }
  const auto report = array->run(stream.words, buffers);
  maps.give_back();
  if (!report.fault) return {};
  const bool hangs = report.fault->kind == npu::twin::FaultKind::kDeadlock;
  return {hangs ? Outcome::Kind::kHang : Outcome::Kind::kFault, report.fault->message};
}

}  // namespace xrt_double
