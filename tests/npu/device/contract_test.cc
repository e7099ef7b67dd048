// SPDX-License-Identifier: LGPL-2.1-or-later
// What every device refuses, how it is interrupted, and that contexts do not disturb each other.
#include <future>

#include "fault_device.h"
#include "rig.h"
#include "whisper/network.h"

namespace npu::testing {
namespace {

// A whole network, small: 64 columns, one head, two layers each.
constexpr ModelDims kDims{80, 64, 1, 2, 2, 1000, 256};

std::vector<OpList> network() {
  return whisper_lists(kDims, {{0, 0}, {1, 0}});
}

ContextLimits small_limits() {
  ContextLimits limits;
  limits.max_rows = 8;
  limits.self_slots = 3;
  limits.cross_slots = 2;
  return limits;
}

class Contract : public OnDevice {
 protected:
  void SetUp() override {
    OnDevice::SetUp();
    if (!IsSkipped()) rig_ = std::make_unique<Rig>(GetParam(), network(), small_limits());
  }

  // Runs the decode step and returns code and message of its failure.
  Result<void> step(const std::vector<Row>& rows, const std::vector<int>& parents = {}) {
    Replay replay;
    replay.rows = rows;
    replay.self_parents = parents;
    return rig_->context->run(kDecodeStep, replay, {}, {});
  }
  void expect_invalid(const Result<void>& result, const char* part) {
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::kInvalidArgument);
    EXPECT_NE(result.error().message.find(part), std::string::npos) << result.error().message;
  }

  std::unique_ptr<Rig> rig_;
};

TEST_P(Contract, BuffersGiveBackWhatWasWritten) {
  const auto mel = random_floats(3000 * 80, 1);
  ASSERT_EQ(failure(rig_->context->write(kMelBuffer, mel)), "");
  std::vector<float> back(mel.size());
  ASSERT_EQ(failure(rig_->context->read(kMelBuffer, back)), "");
  EXPECT_EQ(back, mel);
}

TEST_P(Contract, RefusesBuffersThatAreNotThereOrOfAnotherSize) {
  std::vector<float> data(7);
  expect_invalid(rig_->context->write("nothing", data), "'nothing'");
  expect_invalid(rig_->context->read("nothing", data), "'nothing'");
  expect_invalid(rig_->context->write(kMelBuffer, data), "expected 3000 x 80 floats, found 7");
  expect_invalid(rig_->context->read(kMelBuffer, data), "expected 3000 x 80 floats, found 7");
}

TEST_P(Contract, RefusesRowTablesThatDoNotFit) {
  expect_invalid(step({}), "expected 1..8 rows, found 0");
  expect_invalid(step(std::vector<Row>(9)), "found 9");
  expect_invalid(step({{1000, 0, 0, 0}}), "token: expected 0..999, found 1000");
  expect_invalid(step({{-1, 0, 0, 0}}), "token");
  expect_invalid(step({{0, 448, 0, 0}}), "position: expected 0..447");
  expect_invalid(step({{0, 0, 3, 0}}), "self slot: expected 0..2");
  expect_invalid(step({{0, 0, 0, 2}}), "cross slot: expected 0..1");
  expect_invalid(step({{0, 1, 0, 0}}), "the end of the history of slot 0");
  expect_invalid(step({{0, 0, 0, 0}, {0, 2, 0, 0}}), "expected position 1");
  expect_invalid(step({{0, 0, 0, 0}, {0, 0, 0, 0}}), "expected position 1");
}

// Scores of each of `tokens`, fed from position 0 on in steps of `at_once` rows. Behind the last
// row of a step come `wrong` more, which the next step takes back.
std::vector<ScoreResult> scores_in_steps(Context& context, const std::vector<int>& tokens,
                                         size_t at_once, size_t wrong) {
  std::vector<ScoreResult> all;
  for (size_t first = 0; first < tokens.size(); first += at_once) {
    const size_t right = std::min(at_once, tokens.size() - first);
    std::vector<Row> rows;
    std::vector<ScoreRequest> requests(right + wrong);
    for (size_t i = 0; i < right + wrong; ++i) {
      const int token = i < right ? tokens[first + i] : 999 - static_cast<int>(i);
      rows.push_back({token, static_cast<int>(first + i), 1, 0});
      requests[i].row = static_cast<int>(i);
      requests[i].ranges[kText] = {0, 800};
      requests[i].ranges[kTimestamps] = {800, 1000};
      requests[i].top_k = 4;
      requests[i].full_row = true;
    }
    std::vector<ScoreResult> results(requests.size());
    Replay replay;
    replay.rows = rows;
    replay.score = requests;
    replay.results = results;
    EXPECT_EQ(failure(context.run(kDecodeStep, replay, {}, {})), "");
    results.resize(right);
    all.insert(all.end(), results.begin(), results.end());
  }
  return all;
}

TEST_P(Contract, ARowHasTheSameBitsInAnyCompanyAndAfterAnyRowsThatWereTakenBack) {
  ASSERT_EQ(failure(rig_->context->write(kMelBuffer, random_floats(3000 * 80, 1))), "");
  ASSERT_EQ(failure(rig_->context->run(kEncoder, {}, {}, {})), "");
  ASSERT_EQ(failure(rig_->context->run(kCrossKv, {}, {}, {})), "");
  const std::vector<int> tokens = {5, 80, 3, 700, 41, 6, 7, 8, 300, 2, 90};
  const auto alone = scores_in_steps(*rig_->context, tokens, 1, 0);
  for (const size_t at_once : {1, 2, 3, 5, 8})
    for (size_t wrong = 0; at_once + wrong <= 8; wrong += 3) {
      const auto together = scores_in_steps(*rig_->context, tokens, at_once, wrong);
      ASSERT_EQ(together.size(), alone.size());
      for (size_t i = 0; i < alone.size(); ++i) {
        ASSERT_EQ(together[i].full_row, alone[i].full_row) << at_once << ", " << wrong << ", " << i;
        for (int group = 0; group < kScoreGroups; ++group)
          ASSERT_EQ(together[i].groups[group].log_sum_exp, alone[i].groups[group].log_sum_exp);
      }
    }
}

TEST_P(Contract, RefusesPermutationsThatDoNotFit) {
  expect_invalid(step({{0, 0, 0, 0}}, {0, 0, 0, 0}), "at most 3 slots");
  expect_invalid(step({{0, 0, 0, 0}}, {0, 3}), "parent of slot 1");
  expect_invalid(step({{0, 0, 0, 0}}, {-1}), "parent of slot 0");
}

TEST_P(Contract, ARefusedReplayLeavesTheHistoriesAlone) {
  ASSERT_EQ(failure(step({{0, 0, 0, 0}})), "");
  expect_invalid(step({{0, 1, 0, 0}, {0, 9, 1, 0}}, {0, 0}), "row 1");
  EXPECT_EQ(failure(step({{0, 1, 0, 0}})), "");
}

TEST_P(Contract, RefusesListsAndSlotsThatAreNotThere) {
  expect_invalid(rig_->context->run(kWhisperLists, {}, {}, {}), "list");
  Replay replay;
  replay.store_slot = 2;
  expect_invalid(rig_->context->run(kCrossKv, replay, {}, {}), "store slot: expected 0..1");
}

TEST_P(Contract, RefusesScoreRequestsThatDoNotFit) {
  const Row row{};
  struct {
    const char* part;
    void (*spoil)(ScoreRequest&);
  } const cases[] = {
      {"row: expected 0..0", [](ScoreRequest& r) { r.row = 1; }},
      {"within 0..1000",
       [](ScoreRequest& r) {
         r.ranges[0] = {0, 1001};
       }},
      {"ranges apart",
       [](ScoreRequest& r) {
         r.ranges[0] = {0, 9}, r.ranges[1] = {8, 20};
       }},
      {"top_k", [](ScoreRequest& r) { r.top_k = -1; }},
      {"mask",
       [](ScoreRequest& r) {
         static const TokenSet kShort(100);
         r.mask = &kShort;
       }},
      {"named",
       [](ScoreRequest& r) {
         static const int kNamed[] = {1000};
         r.named = kNamed;
       }},
  };
  for (const auto& test : cases) {
    ScoreRequest request;
    test.spoil(request);
    ScoreResult result;
    Replay replay;
    replay.rows = {&row, 1};
    replay.score = {&request, 1};
    replay.results = {&result, 1};
    expect_invalid(rig_->context->run(kDecodeStep, replay, {}, {}), test.part);
  }
  ScoreRequest request;
  Replay replay;
  replay.rows = {&row, 1};
  replay.score = {&request, 1};
  expect_invalid(rig_->context->run(kDecodeStep, replay, {}, {}), "results");
}

TEST_P(Contract, RefusesAlignmentSpansOfAnotherSize) {
  const Row row{};
  std::vector<float> room(2 * 1500 - 1);
  Replay replay;
  replay.rows = {&row, 1};
  replay.alignment = room;
  expect_invalid(rig_->context->run(kAlign, replay, {}, {}), "room for 3000 floats, found 2999");
}

TEST_P(Contract, RefusesLimitsThatDoNotFit) {
  ContextLimits limits = small_limits();
  limits.max_rows = 0;
  EXPECT_EQ(rig_->program->create_context(limits).error().code, ErrorCode::kInvalidArgument);
  limits = small_limits();
  limits.cross_positions = 1499;
  EXPECT_EQ(rig_->program->create_context(limits).error().code, ErrorCode::kInvalidArgument);
}

TEST_P(Contract, RefusesListsWhoseShapesDoNotFit) {
  RandomWeights weights;
  auto lists = network();
  std::get<LayerNorm>(lists[kDecodeStep].ops[1]).gain.shape = Shape{63};
  const auto loaded = rig_->device->load(lists, weights, GetParam().precision, {}, {});
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().code, ErrorCode::kUnsupported);
  EXPECT_NE(loaded.error().message.find("gain: expected [64], found [63]"), std::string::npos)
      << loaded.error().message;
}

TEST_P(Contract, LoadHandsOnTheErrorOfTheSource) {
  class Broken : public WeightSource {
    Result<void> read(const WeightRef& ref, std::span<float>) override {
      return Error{ErrorCode::kBadModel, "no " + ref.name};
    }
  } broken;
  const auto loaded = rig_->device->load(network(), broken, GetParam().precision, {}, {});
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().code, ErrorCode::kBadModel);
  EXPECT_EQ(loaded.error().message, "no encoder.conv1.weight");
}

TEST_P(Contract, LoadStopsWhenItIsCancelled) {
  CancelSource cancel;
  cancel.cancel();
  RandomWeights weights;
  const auto loaded =
      rig_->device->load(network(), weights, GetParam().precision, {}, cancel.token());
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().code, ErrorCode::kCancelled);
}

TEST_P(Contract, ACancelledOrLateReplayDoesNotRun) {
  CancelSource cancel;
  cancel.cancel();
  const auto cancelled = rig_->context->run(kEncoder, {}, cancel.token(), {});
  ASSERT_FALSE(cancelled);
  EXPECT_EQ(cancelled.error().code, ErrorCode::kCancelled);
  const auto late = rig_->context->run(kEncoder, {}, {}, Deadline::in({}));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, ErrorCode::kTimeout);
}

TEST_P(Contract, ACancelInMidRunEndsItAndLeavesTheHistories) {
  ASSERT_EQ(failure(step({{0, 0, 0, 0}, {0, 1, 0, 0}})), "");
  // Replays the encoder until the cancel from another thread ends one.
  CancelSource cancel;
  std::promise<void> started;
  auto done = std::async(std::launch::async, [&] {
    started.set_value();
    for (;;)
      if (auto result = rig_->context->run(kEncoder, {}, cancel.token(), {}); !result)
        return result;
  });
  started.get_future().wait();
  cancel.cancel();
  const auto result = done.get();
  EXPECT_EQ(result.error().code, ErrorCode::kCancelled);
  EXPECT_EQ(failure(step({{0, 2, 0, 0}})), "");
}

TEST_P(Contract, ContextsOfOneProgramRunSideBySide) {
  const auto encode = [&](Context& context, uint64_t seed) {
    EXPECT_EQ(failure(context.write(kMelBuffer, random_floats(3000 * 80, seed))), "");
    EXPECT_EQ(failure(context.run(kEncoder, {}, {}, {})), "");
    std::vector<float> out(1500 * 64);
    EXPECT_EQ(failure(context.read(kEncodedBuffer, out)), "");
    return out;
  };
  const auto one = encode(*rig_->context, 1), two = encode(*rig_->context, 2);
  EXPECT_NE(one, two);
  auto other = rig_->new_context(small_limits());
  auto beside = std::async(std::launch::async, [&] { return encode(*other, 2); });
  EXPECT_EQ(encode(*rig_->context, 1), one);
  EXPECT_EQ(beside.get(), two);
}

TEST_P(Contract, TheFaultDeviceFailsTheChosenCall) {
  FaultDevice device(GetParam().make(), FaultDevice::fail_on_call(4));
  RandomWeights weights;
  auto program = device.load(network(), weights, GetParam().precision, {}, {});
  ASSERT_EQ(failure(program), "");
  auto context = (*program)->create_context(small_limits());
  ASSERT_EQ(failure(context), "");
  EXPECT_EQ(failure((*context)->write(kMelBuffer, std::vector<float>(3000 * 80))), "");
  const auto failed = (*context)->run(kCrossKv, {}, {}, {});
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, ErrorCode::kDeviceLost);
  EXPECT_EQ(failure((*context)->run(kCrossKv, {}, {}, {})), "");
}

TEST_P(Contract, ACancelWakesACallThatIsBlockedInTheDevice) {
  FaultDevice device(GetParam().make(), FaultDevice::block_on_call(3));
  RandomWeights weights;
  auto program = device.load(network(), weights, GetParam().precision, {}, {});
  ASSERT_EQ(failure(program), "");
  auto context = (*program)->create_context(small_limits());
  ASSERT_EQ(failure(context), "");
  CancelSource cancel;
  auto done = std::async(std::launch::async,
                         [&] { return (*context)->run(kEncoder, {}, cancel.token(), {}); });
  device.state()->wait_until_blocked();
  cancel.cancel();
  EXPECT_EQ(done.get().error().code, ErrorCode::kCancelled);
}

INSTANTIATE_TEST_SUITE_P(Devices, Contract, ::testing::ValuesIn(kDevices), device_name());
INSTANTIATE_TEST_SUITE_P(MixedDevices, Contract, ::testing::ValuesIn(kMixedDevices), device_name());

}  // namespace
}  // namespace npu::testing
