// SPDX-License-Identifier: LGPL-2.1-or-later
#include "copy_executor.h"

#include <cstring>
#include <optional>

namespace xrt_double {
namespace {

constexpr uint32_t kWrite = 0, kPatch = 0x81;
constexpr uint32_t kWriteWords = 6, kPatchWords = 12, kHeaderWords = 4;
constexpr uint32_t kHang = 0xFFFFFFFF;

std::vector<uint32_t> with_header(const std::vector<uint32_t>& body, uint32_t operations) {
  std::vector<uint32_t> stream = {0x06030100, 0x0104, operations,
                                  static_cast<uint32_t>((kHeaderWords + body.size()) * 4)};
  stream.insert(stream.end(), body.begin(), body.end());
  return stream;
}

void put_patch(std::vector<uint32_t>& body, uint32_t buffer, uint32_t byte) {
  body.insert(body.end(), {kPatch, kPatchWords * 4, 0, 0, 0, 0, 0x1D004, 0, buffer, 0, byte, 0});
}

void put_write(std::vector<uint32_t>& body, uint32_t value) {
  body.insert(body.end(), {kWrite, 0, 0x1D000, 0, value, kWriteWords * 4});
}

struct Place {
  uint32_t buffer, byte;
};

Outcome fault(std::string what) {
  return {Outcome::Kind::kFault, std::move(what)};
}

std::optional<Outcome> misplaced(const Stream& stream, const Place& place, size_t words) {
  if (place.buffer >= stream.buffers.size() || !stream.buffers[place.buffer].words)
    return fault("buffer " + std::to_string(place.buffer) + " was not given");
  const size_t size = stream.buffers[place.buffer].bytes.size();
  if (place.byte > size || words * 4 > size - place.byte)
    return fault("buffer " + std::to_string(place.buffer) + " ends before the copy");
  return {};
}

Outcome copy(const Stream& stream, const Place& from, const Place& to, size_t words) {
  for (const Place& place : {from, to})
    if (auto wrong = misplaced(stream, place, words)) return *wrong;
  const DeviceBuffer& source = stream.buffers[from.buffer];
  const DeviceBuffer& target = stream.buffers[to.buffer];
  const size_t unknown = source.first_unknown(from.byte / 4, words);
  if (unknown < from.byte / 4 + words)
    return fault("word " + std::to_string(unknown) + " of buffer " + std::to_string(from.buffer) +
                 " was never synced");
  std::memmove(target.bytes.data() + to.byte, source.bytes.data() + from.byte, words * 4);
  target.mark(to.byte / 4, words);
  return {};
}

}  // namespace

std::vector<uint32_t> copy_stream(const std::vector<Copy>& copies) {
  std::vector<uint32_t> body;
  for (const Copy& copy : copies) {
    put_patch(body, copy.from_buffer, copy.from_byte);
    put_patch(body, copy.to_buffer, copy.to_byte);
    put_write(body, copy.words);
  }
  return with_header(body, static_cast<uint32_t>(copies.size()) * 3);
}

std::vector<uint32_t> hanging_stream() {
  std::vector<uint32_t> body;
  put_write(body, kHang);
  return with_header(body, 1);
}

Outcome CopyExecutor::run(const Stream& stream) {
  std::vector<Place> places;
  for (size_t at = kHeaderWords; at < stream.words.size();) {
    const auto* op = &stream.words[at];
    if (op[0] == kPatch) {
      places.push_back({op[8], op[10]});
      at += kPatchWords;
    } else if (op[0] == kWrite && op[4] == kHang) {
      return {Outcome::Kind::kHang, "stands still"};
    } else if (op[0] == kWrite && places.size() == 2) {
      if (Outcome end = copy(stream, places[0], places[1], op[4]); !end.message.empty()) return end;
      places.clear();
      at += kWriteWords;
    } else {
      return fault("expected two patches and a write, found operation " + std::to_string(op[0]));
    }
  }
  return {};
}

}  // namespace xrt_double
