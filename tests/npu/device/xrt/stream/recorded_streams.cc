// SPDX-License-Identifier: LGPL-2.1-or-later
#include "recorded_streams.h"

#include "device/xrt/stream/schedule.h"
#include "shape_network.h"

namespace npu::testing {
namespace {

using namespace array;

// As the device has them: the append argument is behind the five buffers, waste behind the
// activations.
constexpr unsigned kAppendArgument = 5;
constexpr uint8_t kAppendSlot = 1;
constexpr int kLongestHistory = 447;

struct Run {
  const char* name;
  size_t list;
  std::vector<AppendedRow> rows;
  std::vector<size_t> stored = {1500};
  bool kept = false;  // moving parts are arguments
};

std::vector<Run> runs() {
  std::vector<Run> all{{"encoder", kEncoder, {}}, {"cross K,V", kCrossKv, {}}};
  all.push_back({"prompt", kDecodeStep, {}});
  for (int i = 0; i < static_cast<int>(kDecodeRows); ++i) all.back().rows.push_back({0, i});
  all.push_back({"step", kDecodeStep, {{kAppendSlot, 0}}, {1500}, true});
  all.push_back({"beams", kDecodeStep, {}});
  for (uint8_t slot = 0; slot < 5; ++slot) all.back().rows.push_back({slot, 100});
  all.push_back(
      {"windows", kDecodeStep, {{0, 63}, {1, 64}, {2, kLongestHistory}}, {1500, 1500, 384}});
  all.push_back({"alignment", kAlign, {{0, 7}, {0, 8}, {0, 9}}});
  return all;
}

class Recorder {
 public:
  explicit Recorder(const ModelDims& dims)
      : recorded_(whisper_lists(dims, {{0, 0}, {1, 1}})),
        network_(shape_network(whole_network(recorded_))),
        lists_(steps_of(network_, recorded_)) {
    if (lists_.size() != recorded_.size()) return;
    image_ = WeightsImage::plan(lists_);
    lowering_.emplace(lists_, *image_);
  }

  std::vector<RecordedStream> record() {
    std::vector<RecordedStream> all;
    for (const Run& run : runs()) {
      all.push_back({run.name, {}, {}, {}});
      record(run, all.back());
      if (::testing::Test::HasFailure()) return {};
    }
    return all;
  }

 private:
  void record(const Run& run, RecordedStream& stream) {
    ASSERT_TRUE(lowering_);
    RunShape shape;
    shape.stored = run.stored;
    shape.rows = std::max<size_t>(1, run.rows.size());
    for (const AppendedRow& row : run.rows)
      shape.self_slots = std::max<size_t>(shape.self_slots, run.kept ? 1 : row.slot + 1u);
    auto lowered = lowering_->lower(run.list, shape);
    ASSERT_TRUE(lowered) << run.name << ": " << lowered.error().message;
    const LoweredList& list = *lowered;
    const auto place = [&](const BufferPlace& of) -> Place {
      if (of.buffer == Buffer::kSelf && run.kept && of.slot == kAppendSlot)
        return {kAppendArgument, of.offset};
      const uint64_t slot = of.buffer == Buffer::kSelf    ? of.slot * list.self_bytes
                            : of.buffer == Buffer::kCross ? of.slot * list.cross_bytes
                                                          : 0;
      return {static_cast<unsigned>(of.buffer), slot + of.offset};
    };
    const Binding binding{
        place, {static_cast<unsigned>(Buffer::kActivations), list.activation_bytes}, run.rows};
    for (const Operation& operation : list.operations) {
      auto made = transfers_of(operation, binding);
      ASSERT_TRUE(made) << run.name << ": " << made.error().message;
      stream.transfers.push_back(*std::move(made));
    }
    stream.operations = list.operations;
    auto words = stream_of(stream.transfers);
    ASSERT_TRUE(words) << run.name << ": " << words.error().message;
    stream.words = *std::move(words);
  }

  std::vector<OpList> recorded_;
  quantised::Network network_;
  std::vector<ArrayList> lists_;
  std::optional<WeightsImage> image_;
  std::optional<Lowering> lowering_;
};

}  // namespace

std::vector<RecordedStream> recorded_streams(const ModelDims& dims) {
  return Recorder(dims).record();
}

}  // namespace npu::testing
