// SPDX-License-Identifier: LGPL-2.1-or-later
// The NPU device on the double of XRT's library, with the twin as its array, beside precision=npu
// on the CPU: the same bits.
#include <future>

#include "device/cpu/integer/program.h"
#include "device/cpu/mixed/dot.h"
#include "device/xrt/context.h"
#include "on_twin.h"
#include "random_network.h"

namespace npu::testing {
namespace {

using array::ArrayContext;
using array::ArrayProgram;
using xrt_double::XclbinOnDisk;

constexpr int kPositions = kFewerPositions[0];
enum : size_t { kListEncoder, kListCross, kListStep, kListAlign };

// What a replay gave.
struct Given {
  std::vector<ScoreResult> results;
  std::vector<float> alignment;
};

// Made once for a process.
std::shared_ptr<const quantised::Network> network() {
  static const auto made = []() -> std::shared_ptr<const quantised::Network> {
    auto random = random_network(1);
    EXPECT_TRUE(random) << random.error().message;
    if (!random) return nullptr;
    return std::make_shared<const quantised::Network>(*std::move(random));
  }();
  return made;
}

class NpuDeviceTest : public ::testing::Test {
 protected:
  void SetUp() override {
    xrt_double::set_up({});
    network_ = network();
    ASSERT_TRUE(network_);
    auto hardware = open_twin(overlay_);
    ASSERT_TRUE(hardware) << hardware.error().message;
    hardware_ = *std::move(hardware);
    auto program =
        ArrayProgram::compile(*hardware_, pool_, small_lists(), network_, {}, CancelToken());
    ASSERT_TRUE(program) << program.error().message;
    program_ = *std::move(program);
    const auto dot = cpu::dot_variant();
    ASSERT_TRUE(dot);
    auto fast = cpu::integer::IntegerProgram::compile(pool_, **dot, small_lists(), network_, {},
                                                      CancelToken(), nullptr);
    ASSERT_TRUE(fast) << fast.error().message;
    cpu_program_ = *std::move(fast);
  }
  void TearDown() override {
    npu_.reset();
    program_.reset();
    hardware_.reset();
    EXPECT_EQ(xrt_double::take_violations(), std::vector<std::string>());
    EXPECT_EQ(xrt_double::contexts(), 0u);
  }

  void make(int self_slots, int cross_slots, int max_rows) {
    limits_.self_slots = self_slots;
    limits_.cross_slots = cross_slots;
    limits_.max_rows = max_rows;
    auto npu = program_->create_context(limits_);
    ASSERT_TRUE(npu) << npu.error().message;
    npu_ = *std::move(npu);
    auto cpu = cpu_program_->create_context(limits_);
    ASSERT_TRUE(cpu) << cpu.error().message;
    cpu_ = *std::move(cpu);
  }
  const array::Traffic& traffic() const {
    return static_cast<const ArrayContext&>(*npu_).traffic();
  }

  void encode(uint64_t seed, int slot) {
    Random random(seed);
    std::vector<float> mel(size_t{2} * kPositions * 80);
    for (float& x : mel) x = random.next();
    Replay replay;
    replay.store_slot = slot;
    for (Context* context : {npu_.get(), cpu_.get()}) {
      ASSERT_EQ(failure(context->write(kMelBuffer, mel)), "");
      ASSERT_EQ(failure(context->run(kListEncoder, {}, {}, {})), "");
      ASSERT_EQ(failure(context->run(kListCross, replay, {}, {})), "");
    }
  }

  static std::string failure(const Result<void>& result) {
    return result ? "" : result.error().message;
  }

  // All that can be asked of each row.
  Given run(Context& context, size_t list, std::span<const Row> rows,
            std::span<const int> parents) const {
    static const int kNamed[] = {7, 4999};
    static const TokenSet kMask = [] {
      TokenSet mask(5000);
      for (int id = 0; id < 5000; id += 3) mask.insert(id);
      return mask;
    }();
    std::vector<ScoreRequest> requests(rows.size());
    for (size_t r = 0; r < rows.size(); ++r) {
      requests[r].row = static_cast<int>(r);
      requests[r].mask = &kMask;
      requests[r].ranges[kText] = {0, 3500};
      requests[r].ranges[kTimestamps] = {3500, 5000};
      requests[r].top_k = 5;
      requests[r].named = kNamed;
      requests[r].raw_log_sum_exp = true;
      requests[r].full_row = true;
    }
    Given given;
    given.results.resize(rows.size());
    const size_t heads = list == kListAlign ? 3 : 0;
    given.alignment.resize(heads * rows.size() * static_cast<size_t>(limits_.cross_positions));
    Replay replay;
    replay.rows = rows;
    replay.self_parents = parents;
    replay.score = requests;
    replay.results = given.results;
    replay.alignment = given.alignment;
    EXPECT_EQ(failure(context.run(list, replay, {}, {})), "");
    return given;
  }

  void expect_same(size_t list, const std::vector<Row>& rows,
                   const std::vector<int>& parents = {}) {
    const Given on_npu = run(*npu_, list, rows, parents), on_cpu = run(*cpu_, list, rows, parents);
    EXPECT_EQ(on_npu.alignment, on_cpu.alignment);
    for (size_t r = 0; r < rows.size(); ++r) {
      const ScoreResult &a = on_npu.results[r], &b = on_cpu.results[r];
      EXPECT_EQ(a.full_row, b.full_row) << "row " << r;
      EXPECT_EQ(a.named, b.named) << "row " << r;
      EXPECT_EQ(a.raw_log_sum_exp, b.raw_log_sum_exp) << "row " << r;
      for (int group = 0; group < kScoreGroups; ++group) {
        EXPECT_EQ(a.groups[group].log_sum_exp, b.groups[group].log_sum_exp) << "row " << r;
        ASSERT_EQ(a.groups[group].top.size(), b.groups[group].top.size());
        for (size_t i = 0; i < a.groups[group].top.size(); ++i)
          EXPECT_EQ(a.groups[group].top[i].id, b.groups[group].top[i].id) << "row " << r;
      }
    }
  }

  XclbinOnDisk overlay_{overlay_spec()};
  cpu::Pool pool_{1};
  ContextLimits limits_;
  std::shared_ptr<const quantised::Network> network_;
  std::unique_ptr<array::Hardware> hardware_;
  std::unique_ptr<ArrayProgram> program_;
  std::unique_ptr<cpu::integer::IntegerProgram> cpu_program_;
  std::unique_ptr<Context> npu_, cpu_;
};

TEST_F(NpuDeviceTest, EncodesToTheSameFloats) {
  make(1, 1, 1);
  encode(7, 0);
  std::vector<float> npu(size_t{kPositions} * 192), cpu(npu.size());
  ASSERT_EQ(failure(npu_->read(kEncodedBuffer, npu)), "");
  ASSERT_EQ(failure(cpu_->read(kEncodedBuffer, cpu)), "");
  EXPECT_EQ(npu, cpu);
}

TEST_F(NpuDeviceTest, DecodesAPromptAndSingleRowsToTheSameBits) {
  make(1, 1, 40);
  encode(7, 0);
  std::vector<Row> prompt;
  for (int i = 0; i < 37; ++i) prompt.push_back({i * 37 % 5000, i, 0, 0});
  expect_same(kListStep, prompt);
  for (int position = 37; position < 40; ++position)
    expect_same(kListStep, {{position * 71, position, 0, 0}});
  expect_same(kListAlign, {{9, 40, 0, 0}});
  expect_same(kListAlign, {{9, 41, 0, 0}, {10, 42, 0, 0}});
  expect_same(kListStep, {{8, 39, 0, 0}});  // what was drafted is taken back
}

TEST_F(NpuDeviceTest, DecodesBeamsAndWindowsToTheSameBits) {
  make(4, 2, 16);
  encode(8, 1);
  encode(9, 0);
  expect_same(kListStep, {{1, 0, 0, 0}, {2, 1, 0, 0}, {3, 0, 3, 1}});
  // Three beams out of one history; then one of them is dropped, and two change places.
  expect_same(kListStep, {{10, 2, 0, 0}, {11, 2, 1, 0}, {12, 2, 2, 0}}, {0, 0, 0, 3});
  expect_same(kListStep, {{20, 3, 0, 0}, {21, 3, 1, 0}, {22, 3, 2, 0}, {23, 1, 3, 1}},
              {1, 0, 0, 3});
  expect_same(kListStep, {{30, 4, 2, 0}}, {2, 1, 0, 3});
  expect_same(kListAlign, {{31, 5, 2, 0}, {32, 2, 3, 1}});
}

TEST_F(NpuDeviceTest, ASlotThatWasNeverStoredGivesWhatItGivesOnTheCpu) {
  make(1, 1, 1);
  expect_same(kListStep, {{5, 0, 0, 0}});
  expect_same(kListAlign, {{6, 1, 0, 0}});
}

TEST_F(NpuDeviceTest, AStepIsOneSubmissionAndMakesNothingNew) {
  make(1, 1, 1);
  EXPECT_EQ(xrt_double::calls("context"), 1u);
  EXPECT_EQ(xrt_double::calls("xclbin"), 1u);
  EXPECT_EQ(program_->traffic().bytes_to_device, program_->weight_bytes());
  encode(7, 0);
  run(*npu_, kListStep, std::vector<Row>{{1, 0, 0, 0}}, {});
  const array::Traffic before = traffic();
  const size_t buffers = xrt_double::calls("buffer"), runs = xrt_double::calls("run");
  constexpr int kTokens = 4;
  for (int i = 1; i <= kTokens; ++i) run(*npu_, kListStep, std::vector<Row>{{i, i, 0, 0}}, {});
  EXPECT_EQ(xrt_double::calls("buffer"), buffers);
  EXPECT_EQ(xrt_double::calls("run"), runs);
  EXPECT_EQ(traffic().submissions - before.submissions, size_t{kTokens});
  const uint64_t to = (traffic().bytes_to_device - before.bytes_to_device) / kTokens;
  const uint64_t from = (traffic().bytes_from_device - before.bytes_from_device) / kTokens;
  std::printf("a step: %llu bytes to the device, %llu from it\n",
              static_cast<unsigned long long>(to), static_cast<unsigned long long>(from));
  // A row of tokens, a line for each head and layer; 79 tiles of logits.
  EXPECT_LE(to, 3u * 2048 + 2 * 3 * 64);
  EXPECT_EQ(from, 79u * 1024);
  EXPECT_EQ(program_->traffic().bytes_to_device, program_->weight_bytes());
}

TEST_F(NpuDeviceTest, CountsWhatEachListHasCost) {
  make(1, 1, 1);
  const array::Traffic before = traffic();
  encode(7, 0);
  constexpr int kTokens = 3;
  for (int i = 0; i < kTokens; ++i) run(*npu_, kListStep, std::vector<Row>{{i, i, 0, 0}}, {});
  uint64_t to = 0, from = 0;
  std::vector<std::string> names;
  for (const ListWork& list : hardware_->work().lists()) {
    names.push_back(list.list);
    if (list.list == kLoadingWork) {
      EXPECT_GT(list.bytes_to_device, program_->weight_bytes());
      continue;
    }
    const bool is_step = list.list == "decode_step";
    EXPECT_EQ(list.replays, is_step ? kTokens : 1) << list.list;
    EXPECT_EQ(list.commands, is_step ? kTokens : 1) << list.list;
    EXPECT_GT(list.device_s, 0) << list.list;
    EXPECT_GT(list.host_s, 0) << list.list;
    EXPECT_EQ(list.logits_s > 0, is_step) << list.list;
    to += list.bytes_to_device;
    from += list.bytes_from_device;
  }
  EXPECT_EQ(names, (std::vector<std::string>{kLoadingWork, "encoder", "cross_kv", "decode_step"}));
  EXPECT_EQ(to, traffic().bytes_to_device - before.bytes_to_device);
  EXPECT_EQ(from, traffic().bytes_from_device - before.bytes_from_device);
}

TEST_F(NpuDeviceTest, ACancelEndsTheWaitAndLeavesTheRestAsItWas) {
  make(2, 1, 2);
  encode(7, 0);
  expect_same(kListStep, {{1, 0, 0, 0}, {2, 0, 1, 0}});
  xrt_double::hold();
  CancelSource cancel;
  const Row rows[] = {{3, 1, 0, 0}, {4, 1, 1, 0}};
  const int parents[] = {1, 1};
  auto interrupted = std::async(std::launch::async, [&] {
    Replay replay;
    replay.rows = rows;
    replay.self_parents = parents;
    return npu_->run(kListStep, replay, cancel.token(), {});
  });
  xrt_double::wait_until_held();
  cancel.cancel();
  const Result<void> result = interrupted.get();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kCancelled);
  xrt_double::release();
  expect_same(kListStep, {{5, 1, 0, 0}, {6, 1, 1, 0}});
}

TEST_F(NpuDeviceTest, ACommandThatFailsIsALostDeviceWithStateAndOperations) {
  make(1, 1, 1);
  npu_.reset();
  program_.reset();
  hardware_.reset();
  for (const char* state : {"error", "abort", "timeout", "noresponse"}) {
    xrt_double::Scene scene;
    scene.faults = std::string("command@1=") + state;
    xrt_double::set_up(scene);
    auto hardware = open_twin(overlay_);
    ASSERT_TRUE(hardware) << hardware.error().message;
    auto program = ArrayProgram::compile(**hardware, pool_, small_lists(), network_, {}, {});
    ASSERT_TRUE(program) << program.error().message;
    auto context = (*program)->create_context(limits_);
    ASSERT_TRUE(context);
    for (const char* part : {"a command ended in ", "is not used again"}) {
      const Result<void> ran = (*context)->run(kListEncoder, {}, {}, {});
      ASSERT_FALSE(ran);
      EXPECT_EQ(ran.error().code, ErrorCode::kDeviceLost);
      EXPECT_NE(ran.error().message.find(part), std::string::npos) << ran.error().message;
      EXPECT_NE(ran.error().message.find("encoder.conv1"), std::string::npos)
          << ran.error().message;
    }
  }
}

}  // namespace
}  // namespace npu::testing
