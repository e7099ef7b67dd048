// SPDX-License-Identifier: LGPL-2.1-or-later
// The NPU's self-test on the double of XRT's library with the twin as its array: it passes there,
// and what an array gets wrong is found, in the operation that got it wrong.
#include <cstdio>
#include <set>

#include "device/xrt/self_test/run.h"
#include "on_twin.h"
#include "self_test/subject.h"
#include "twin_executor.h"

namespace npu::testing {
namespace {

using xrt_double::XclbinOnDisk;

const SelfTestSubject& subject() {
  static const SelfTestSubject made = [] {
    auto random = random_subject();
    EXPECT_TRUE(random) << random.error().message;
    return random ? *std::move(random) : SelfTestSubject{};
  }();
  return made;
}

// The twin, but for what some commands give: one bit of every other of the first ones, then each
// byte of all.
class WrongArray : public xrt_double::Executor {
 public:
  static constexpr size_t kSingleBits = 24;
  static bool is_wrong(size_t command) { return command > kSingleBits || command % 2 == 1; }

  xrt_double::Outcome run(const xrt_double::Stream& stream) override {
    if (!is_wrong(++count_)) return array_->run(stream);
    std::vector<std::vector<std::byte>> before;
    for (const auto& buffer : stream.buffers)
      before.emplace_back(buffer.bytes.begin(), buffer.bytes.end());
    auto outcome = array_->run(stream);
    const bool all = count_ > kSingleBits;
    // Waste goes to the activations, behind what they hold.
    for (const size_t argument : {2u, 3u, 4u, 1u})
      if (flip(stream.buffers[argument].bytes, before[argument], all) && !all) break;
    return outcome;
  }

 private:
  static bool flip(std::span<std::byte> now, const std::vector<std::byte>& before, bool all) {
    bool any = false;
    for (size_t i = 0; i < now.size() && (all || !any); ++i) {
      if (now[i] == before[i]) continue;
      now[i] ^= std::byte{4};
      any = true;
    }
    return any;
  }

  std::shared_ptr<xrt_double::Executor> array_ = std::make_shared<xrt_double::TwinExecutor>();
  size_t count_ = 0;
};

class NpuSelfTest : public ::testing::Test {
 protected:
  Result<NpuReport> run(const xrt_double::Scene& scene,
                        std::shared_ptr<xrt_double::Executor> executor = nullptr) {
    xrt_double::set_up(scene, std::move(executor));
    NPU_TRY_ASSIGN(auto hardware, open_twin(overlay_));
    return array::run_self_test(*hardware, subject(), 1);
  }
  void TearDown() override { EXPECT_EQ(xrt_double::contexts(), 0u); }

  XclbinOnDisk overlay_{overlay_spec()};
};

// Operations that are a command each, in their order.
std::vector<const CheckedOperation*> commands_of(const NpuReport& report) {
  std::vector<const CheckedOperation*> commands;
  for (const CheckedOperation& operation : report.operations)
    if (!operation.parameters.empty() && operation.kind.find("by the host") == std::string::npos)
      commands.push_back(&operation);
  return commands;
}

TEST_F(NpuSelfTest, PassesOnTheTwinWithEachKindOfOperation) {
  const auto report = run({});
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(xrt_double::take_violations(), std::vector<std::string>());
  EXPECT_EQ(report->ended_early, "");
  std::set<std::string> kinds;
  for (const CheckedOperation& operation : report->operations) {
    EXPECT_EQ(operation.differing, 0u)
        << operation.list << ", " << operation.kind << ", " << operation.parameters << ": "
        << operation.first_difference;
    EXPECT_TRUE(operation.bytes > 0 || !operation.remark.empty()) << operation.kind;
    kinds.insert(operation.kind);
  }
  EXPECT_TRUE(report->passed());
  for (const char* kind : {"product",
                           "product, 12-bit input, GELU, 12-bit output",
                           "convolution, 12-bit input, GELU, 12-bit output",
                           "product, GELU, 12-bit output",
                           "product, 12-bit input, residual",
                           "product, K,V",
                           "product, K,V appended",
                           "product, logits",
                           "layer norm",
                           "attention, 12-bit output",
                           "attention, causal, 12-bit output",
                           "attention, cross, 12-bit output",
                           "attention, causal, part",
                           "attention, cross, part",
                           "combination of parts",
                           "alignment scores, cross",
                           "embedding, by the host",
                           "encoder",
                           "cross K,V",
                           "prompt",
                           "step",
                           "step with alignment",
                           "two beams and another window"})
    EXPECT_TRUE(kinds.contains(kind)) << kind;
  std::printf("%zu operations, %llu bytes\n", report->operations.size(),
              static_cast<unsigned long long>(report->compared_bytes()));
}

TEST_F(NpuSelfTest, FindsWhatIsWrongAndJudgesEachOperationByItself) {
  const auto report = run({}, std::make_shared<WrongArray>());
  ASSERT_TRUE(report) << report.error().message;
  const auto commands = commands_of(*report);
  ASSERT_GT(commands.size(), WrongArray::kSingleBits);
  size_t wrong = 0;
  for (size_t i = 0; i < commands.size(); ++i) {
    const CheckedOperation& operation = *commands[i];
    const bool is_wrong = operation.bytes > 0 && WrongArray::is_wrong(i + 1);
    wrong += is_wrong;
    EXPECT_EQ(operation.differing > 0, is_wrong)
        << i + 1 << ": " << operation.kind << ", " << operation.parameters;
    if (!is_wrong) continue;
    if (i < WrongArray::kSingleBits) {
      EXPECT_EQ(operation.differing, 1u) << operation.kind;
    }
    for (const char* part : {"row ", ", column ", ": expected ", ", found "})
      EXPECT_NE(operation.first_difference.find(part), std::string::npos)
          << operation.first_difference;
  }
  EXPECT_GT(wrong, 20u);
  EXPECT_FALSE(report->passed());
  // Whole lists as well.
  for (const CheckedOperation& operation : report->operations) {
    if (!operation.parameters.empty()) continue;
    EXPECT_EQ(operation.differing > 0, operation.bytes > 0) << operation.kind;
  }
}

TEST_F(NpuSelfTest, ACommandThatFailsEndsItWithTheOperationsName) {
  xrt_double::Scene scene;
  scene.faults = "command@5=error";
  const auto report = run(scene);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_FALSE(report->passed());
  EXPECT_EQ(commands_of(*report).size(), 4u);
  EXPECT_NE(report->ended_early.find("encoder, product, K,V, encoder.blocks.0.attn.query"),
            std::string::npos)
      << report->ended_early;
  EXPECT_NE(report->ended_early.find("ERROR"), std::string::npos) << report->ended_early;
}

TEST_F(NpuSelfTest, ACommandThatHangsEndsIt) {
  xrt_double::Scene scene;
  scene.faults = "command@2=hang";
  scene.watchdog = std::chrono::milliseconds(20);
  const auto report = run(scene);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_FALSE(report->passed());
  EXPECT_NE(report->ended_early.find("TIMEOUT"), std::string::npos) << report->ended_early;
}

}  // namespace
}  // namespace npu::testing
