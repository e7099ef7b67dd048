// SPDX-License-Identifier: LGPL-2.1-or-later
#include "list_on_twin.h"

#include <algorithm>
#include <map>

#include "device/xrt/stream/schedule.h"
#include "whisper/network.h"

namespace npu::testing {

using namespace array;

namespace {

constexpr size_t kBuffers = 5;

RunShape shape_of(const ContextLimits& limits, std::span<const Row> rows) {
  RunShape shape;
  shape.self_positions = static_cast<size_t>(limits.self_positions);
  shape.cross_positions = static_cast<size_t>(limits.cross_positions);
  if (rows.empty()) return shape;
  int self = 0, cross = 0;
  for (const Row& row : rows) {
    self = std::max(self, row.self_slot);
    cross = std::max(cross, row.cross_slot);
  }
  shape.rows = rows.size();
  shape.self_slots = static_cast<size_t>(self) + 1;
  shape.stored.assign(static_cast<size_t>(cross) + 1, static_cast<size_t>(kFewerPositions[0]));
  return shape;
}

}  // namespace

TwinMemory::TwinMemory(ArrayMemory& from, const ContextLimits& limits) {
  for (size_t i = 0; i < kBuffers; ++i) {
    const auto buffer = static_cast<Buffer>(i);
    const int slots = buffer == Buffer::kSelf    ? limits.self_slots
                      : buffer == Buffer::kCross ? limits.cross_slots
                                                 : 1;
    for (int slot = 0; slot < slots; ++slot) {
      const auto all = from.all(buffer, static_cast<uint8_t>(slot));
      slot_bytes_[i] = all.size();
      bytes_[i].insert(bytes_[i].end(), all.begin(), all.end());
    }
  }
  bytes_[kWasteArgument].resize(kColumns * kWasteBytes);
  for (size_t i = 0; i < kArguments; ++i) {
    written_[i] = twin::WordMap(bytes_[i].size() / 4);
    if (i < kBuffers) written_[i].set(0, bytes_[i].size() / 4);
  }
}

void TwinMemory::restore(const TwinMemory& from) {
  std::copy(std::begin(from.bytes_), std::end(from.bytes_), std::begin(bytes_));
  std::copy(std::begin(from.written_), std::end(from.written_), std::begin(written_));
  std::copy(std::begin(from.slot_bytes_), std::end(from.slot_bytes_), std::begin(slot_bytes_));
}

Place TwinMemory::place(const BufferPlace& of) const {
  const auto i = static_cast<size_t>(of.buffer);
  return {static_cast<unsigned>(i), of.slot * slot_bytes_[i] + of.offset};
}

std::vector<twin::Buffer> TwinMemory::buffers() {
  std::vector<twin::Buffer> all;
  for (size_t i = 0; i < kArguments; ++i) all.push_back({bytes_[i], (i + 1) << 32, &written_[i]});
  return all;
}

std::vector<ListOnTwin::Given> ListOnTwin::results_of(const Operation& operation,
                                                      std::span<const AppendedRow> rows) {
  const Layout layout = operation.outputs.front().to.layout;
  const uint32_t scores = (operation.count + 1) / 2;  // objects of a head
  std::vector<Given> all;
  for (unsigned column = 0; column < kColumns; ++column) {
    for (unsigned row = 0; row < kernels::kCoreRows; ++row) {
      size_t object = 0;
      for_each_c(operation, column, row, rows, [&](std::span<const Piece> pieces) {
        for (const Piece& piece : pieces) {
          size_t meant = piece.bytes;
          if (layout == Layout::kCandidates) meant = 16 * kernels::kTopK * 8;
          // Rows without a key have an exponent of no meaning; what is combined shows the others.
          if (layout == Layout::kParts && object % 2 == 1) meant = 0;
          if (layout == Layout::kScores && operation.count % 2 == 1 &&
              object % scores == scores - 1)
            meant /= 2;
          if (piece.place) all.push_back({&operation, *piece.place, piece.bytes, meant});
        }
        ++object;
      });
    }
  }
  return all;
}

Result<ListOnTwin> ListOnTwin::make(ArrayModel& model, const ContextLimits& limits, size_t list,
                                    std::span<const Row> rows,
                                    const std::function<void()>& on_cores) {
  ListOnTwin made(TwinMemory(model.memory(), limits));
  on_cores();
  const auto host = model.memory().all(Buffer::kHost);
  std::copy(host.begin(), host.end(), made.before_.at({Buffer::kHost, 0, 0}));

  NPU_TRY_ASSIGN(const LoweredList lowered, model.lowering().lower(list, shape_of(limits, rows)));
  RecordedStream& recorded = made.recorded_;
  recorded.name = lowered.name;
  recorded.operations = lowered.operations;
  std::vector<AppendedRow> appended;
  for (const Row& row : rows)
    appended.push_back({static_cast<uint8_t>(row.self_slot), row.position});
  const Binding binding{[&](const BufferPlace& place) { return made.before_.place(place); },
                        {TwinMemory::kWasteArgument, 0},
                        appended};
  std::vector<Given> all;
  for (const Operation& operation : recorded.operations) {
    for (const Given& given : results_of(operation, appended)) {
      if (given.place.buffer == Buffer::kHost)
        std::fill_n(made.before_.at(given.place), given.bytes, std::byte{0xEE});
      all.push_back(given);
    }
    NPU_TRY_ASSIGN(Transfers of, transfers_of(operation, binding));
    recorded.transfers.push_back(std::move(of));
  }
  NPU_TRY_ASSIGN(recorded.words, stream_of(recorded.transfers));
  made.expect_results(model.memory(), all);
  return made;
}

// What the list leaves behind: later operations may have taken a place for something else.
void ListOnTwin::expect_results(ArrayMemory& memory, const std::vector<Given>& all) {
  std::map<uint64_t, const Given*> left[kBuffers];  // by offset
  for (const Given& given : all) {
    const Place place = before_.place(given.place);
    auto& here = left[place.argument];
    auto next = here.lower_bound(place.offset_bytes);
    if (next != here.begin() &&
        std::prev(next)->first + std::prev(next)->second->bytes > place.offset_bytes)
      --next;
    while (next != here.end() && next->first < place.offset_bytes + given.bytes)
      next = here.erase(next);
    here[place.offset_bytes] = &given;
  }
  for (const auto& buffer : left) {
    for (const auto& [offset, given] : buffer) {
      const std::byte* wanted = memory.find(given->place, given->bytes);
      expected_.push_back({given->by->name, given->place, {wanted, wanted + given->meant}});
      compared_bytes_ += given->meant;
    }
  }
}

std::string ListOnTwin::difference(TwinMemory& after) const {
  for (const Expected& of : expected_)
    if (!std::equal(of.bytes.begin(), of.bytes.end(), after.at(of.place)))
      return text(of.by, ": results at offset ", of.place.offset);
  return "";
}

}  // namespace npu::testing
