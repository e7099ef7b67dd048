// SPDX-License-Identifier: LGPL-2.1-or-later
// A small network's lists as instruction streams on the twin, against the same operations given to
// cores object by object. The twin refuses a stream that is right by luck only: a token too few, a
// descriptor rewritten too early.
#include <algorithm>

#include "array.h"
#include "array_model.h"
#include "device/xrt/stream/schedule.h"
#include "kernel_test.h"
#include "random_network.h"

namespace npu::testing {
namespace {

using namespace array;

constexpr int kPositions = kFewerPositions[0];
constexpr size_t kBuffers = 5;
constexpr unsigned kWasteArgument = 5;
enum : size_t { kListEncoder, kListCross, kListStep, kListAlign };

// The buffers of a run, slots of caches one behind the other, and one for waste.
class TwinMemory {
 public:
  TwinMemory(ArrayMemory& from, size_t self_slots, size_t cross_slots) {
    for (size_t i = 0; i < kBuffers; ++i) {
      const auto buffer = static_cast<Buffer>(i);
      const size_t slots = buffer == Buffer::kSelf    ? self_slots
                           : buffer == Buffer::kCross ? cross_slots
                                                      : 1;
      for (size_t slot = 0; slot < slots; ++slot) {
        const auto all = from.all(buffer, static_cast<uint8_t>(slot));
        slot_bytes_[i] = all.size();
        bytes_[i].insert(bytes_[i].end(), all.begin(), all.end());
      }
    }
    bytes_[kWasteArgument].resize(kColumns * kWasteBytes);
    for (size_t i = 0; i <= kBuffers; ++i) {
      written_[i] = twin::WordMap(bytes_[i].size() / 4);
      if (i < kBuffers) written_[i].set(0, bytes_[i].size() / 4);
      buffers_.push_back({bytes_[i], (i + 1) << 32, &written_[i]});
    }
  }

  Place place(const BufferPlace& of) const {
    const auto i = static_cast<size_t>(of.buffer);
    return {static_cast<unsigned>(i), of.slot * slot_bytes_[i] + of.offset};
  }
  std::byte* at(const BufferPlace& of) {
    const Place found = place(of);
    return bytes_[found.argument].data() + found.offset_bytes;
  }
  const std::vector<twin::Buffer>& buffers() const { return buffers_; }

 private:
  std::vector<std::byte> bytes_[kBuffers + 1];
  twin::WordMap written_[kBuffers + 1];
  uint64_t slot_bytes_[kBuffers] = {};
  std::vector<twin::Buffer> buffers_;
};

// What an operation gives, and how many bytes of it have a meaning.
struct Given {
  BufferPlace place;
  size_t bytes, meant;
};

std::vector<Given> results_of(const Operation& operation, std::span<const AppendedRow> rows) {
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
          if (piece.place) all.push_back({*piece.place, piece.bytes, meant});
        }
        ++object;
      });
    }
  }
  return all;
}

class StreamsOnTheTwin : public KernelTest {
 protected:
  void make(const ContextLimits& limits) {
    limits_ = limits;
    auto network = random_network(1);
    ASSERT_TRUE(network) << network.error().message;
    model_ = std::make_unique<ArrayModel>(small_lists(), *std::move(network), limits);
    ASSERT_TRUE(model_->ready());
  }

  void write_mel(uint64_t seed) {
    Random random(seed);
    std::vector<float> mel(size_t{2} * kPositions * 80);
    for (float& x : mel) x = random.next();
    model_->write_mel(kListEncoder, mel);
  }
  // On the cores alone.
  void encode(uint64_t seed, int slot) {
    write_mel(seed);
    model_->encode(kListEncoder);
    model_->encode(kListCross, slot);
  }
  void step(size_t list, std::span<const Row> rows) {
    run(list, rows, [&] { model_->step(list, rows); });
  }

  // The list on the twin from the memory as it is before `on_cores`, which runs it on the cores;
  // but what the host writes for it is what it has written then.
  template <typename Run>
  void run(size_t list, std::span<const Row> rows, const Run& on_cores) {
    TwinMemory memory(model_->memory(), static_cast<size_t>(limits_.self_slots),
                      static_cast<size_t>(limits_.cross_slots));
    on_cores();
    const auto host = model_->memory().all(Buffer::kHost);
    std::copy(host.begin(), host.end(), memory.at({Buffer::kHost, 0, 0}));

    const auto lowered = model_->lowering().lower(list, shape_of(rows));
    ASSERT_TRUE(lowered) << lowered.error().message;
    std::vector<AppendedRow> appended;
    for (const Row& row : rows)
      appended.push_back({static_cast<uint8_t>(row.self_slot), row.position});
    const Binding binding{[&](const BufferPlace& place) { return memory.place(place); },
                          {kWasteArgument, 0},
                          appended};
    std::vector<Transfers> transfers;
    for (const Operation& operation : lowered->operations) {
      for (const Given& given : results_of(operation, appended)) {
        if (given.place.buffer == Buffer::kHost)
          std::fill_n(memory.at(given.place), given.bytes, std::byte{0xEE});
      }
      Result<Transfers> made = transfers_of(operation, binding);
      ASSERT_TRUE(made) << made.error().message;
      transfers.push_back(*std::move(made));
    }
    const Result<std::vector<uint32_t>> words = stream_of(transfers);
    ASSERT_TRUE(words) << words.error().message;
    twin::Array& array = list == kListEncoder || list == kListCross ? encoder_ : decoder_;
    const twin::Report report = array.run(*words, memory.buffers());
    ASSERT_FALSE(report.fault) << lowered->name << ": " << report.fault->message;
    compare(*lowered, appended, memory);
  }

  // What the list leaves behind: later operations may have taken a place for something else.
  void compare(const LoweredList& list, std::span<const AppendedRow> rows, TwinMemory& memory) {
    struct Left {
      const Operation* by;
      Given what;
    };
    std::map<uint64_t, Left> left[kBuffers];  // by offset
    for (const Operation& operation : list.operations) {
      for (const Given& given : results_of(operation, rows)) {
        const Place place = memory.place(given.place);
        auto& here = left[place.argument];
        auto next = here.lower_bound(place.offset_bytes);
        if (next != here.begin() &&
            std::prev(next)->first + std::prev(next)->second.what.bytes > place.offset_bytes)
          --next;
        while (next != here.end() && next->first < place.offset_bytes + given.bytes)
          next = here.erase(next);
        here[place.offset_bytes] = {&operation, given};
      }
    }
    size_t compared = 0;
    for (const auto& buffer : left) {
      for (const auto& [offset, found] : buffer) {
        const std::byte* wanted = model_->memory().find(found.what.place, found.what.bytes);
        ASSERT_TRUE(std::equal(wanted, wanted + found.what.meant, memory.at(found.what.place)))
            << found.by->name << ": offset " << offset;
        compared += found.what.meant;
      }
    }
    EXPECT_GT(compared, 1000u);
  }

  RunShape shape_of(std::span<const Row> rows) const {
    RunShape shape;
    shape.self_positions = static_cast<size_t>(limits_.self_positions);
    shape.cross_positions = static_cast<size_t>(limits_.cross_positions);
    if (rows.empty()) return shape;
    int self = 0, cross = 0;
    for (const Row& row : rows) {
      self = std::max(self, row.self_slot);
      cross = std::max(cross, row.cross_slot);
    }
    shape.rows = rows.size();
    shape.self_slots = static_cast<size_t>(self) + 1;
    shape.stored.assign(static_cast<size_t>(cross) + 1, kPositions);
    return shape;
  }

  ContextLimits limits_;
  std::unique_ptr<ArrayModel> model_;
  twin::Array encoder_{twin::Target{}, kernels::Program::kEncoder};
  twin::Array decoder_{twin::Target{}, kernels::Program::kDecoder};
};

TEST_F(StreamsOnTheTwin, EncodeAndDecodeOneSlot) {
  ContextLimits limits;
  limits.max_rows = 16;
  make(limits);
  write_mel(7);
  run(kListEncoder, {}, [&] { model_->encode(kListEncoder); });
  run(kListCross, {}, [&] { model_->encode(kListCross); });
  std::vector<Row> rows;
  for (int i = 0; i < 16; ++i) rows.push_back({i * 37 % 5000, i, 0, 0});
  step(kListStep, rows);
  for (int i = 0; i < 5; ++i) rows[static_cast<size_t>(i)].position = 16 + i;
  rows.resize(5);
  step(kListAlign, rows);
  const Row row{77, 21, 0, 0};
  step(kListStep, {&row, 1});
}

TEST_F(StreamsOnTheTwin, DecodeRowsOfSeveralSlots) {
  ContextLimits limits;
  limits.max_rows = 16;
  limits.self_slots = 3;
  limits.cross_slots = 2;
  make(limits);
  encode(7, 1);
  encode(8, 0);
  std::vector<Row> rows;
  for (int slot = 0; slot < 3; ++slot)
    for (int i = 0; i < 2 + slot; ++i) rows.push_back({slot * 900 + i * 37, i, slot, slot % 2});
  step(kListStep, rows);
  rows = {{4000, 2, 0, 0}, {77, 3, 1, 1}, {1234, 4, 2, 0}};
  step(kListAlign, rows);
}

// Rows of caches that lie one before the other are more descriptors than a shim has.
TEST_F(StreamsOnTheTwin, DecodeRowsOf16Slots) {
  ContextLimits limits;
  limits.max_rows = 16;
  limits.self_slots = 16;
  make(limits);
  encode(9, 0);
  std::vector<Row> rows;
  const int histories[] = {1, 3, 2, 5, 1, 4};
  for (int slot = 0; slot < 6; ++slot)
    for (int i = 0; i < histories[slot]; ++i) rows.push_back({slot * 77 + i, i, slot, 0});
  model_->step(kListStep, rows);
  rows.clear();
  for (int slot = 15; slot >= 0; --slot)
    rows.push_back({slot * 300, slot < 6 ? histories[slot] : 0, slot, 0});
  step(kListStep, rows);
}

}  // namespace
}  // namespace npu::testing
