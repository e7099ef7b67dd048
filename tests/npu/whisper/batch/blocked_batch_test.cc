// SPDX-License-Identifier: LGPL-2.1-or-later
// A batch whose device hangs or fails: a cancel ends every call, and a reset makes it good.
#include <gtest/gtest.h>

#include <future>

#include "batch_bench.h"
#include "fault_device.h"

namespace npu {
namespace {

using testing::drive;
using testing::FaultDevice;
using testing::FaultState;

struct Blocked {
  std::shared_ptr<FaultState> state;
  std::shared_ptr<testing::Script> script;
  std::unique_ptr<Transcriber> transcriber;
};

Blocked make() {
  Blocked made;
  made.script = testing::script_of({testing::words_from(300, 2), testing::words_from(400, 1)});
  auto device =
      std::make_unique<FaultDevice>(std::make_unique<testing::ScriptedDevice>(made.script));
  made.state = device->state();
  const auto model = Model::create(std::make_unique<testing::NumberedWordsFile>(51865),
                                   std::move(device), Precision::kF32, {}, {});
  made.transcriber = Transcriber::create(*model, testing::batch_of(2)).value();
  return made;
}

TEST(BlockedBatch, EveryRunIsEndedByACancelAndResetMakesItGood) {
  const std::vector<float> samples = testing::bursts(2);
  Blocked good = make();
  good.state->arm({});
  const auto expected = drive(*good.transcriber, samples).lines();
  const int calls = good.state->calls() - 2;  // beside load() and create_context()
  ASSERT_EQ(expected.size(), 2U);
  ASSERT_GT(calls, 8);
  for (int n = 1; n <= calls; ++n) {
    Blocked blocked = make();
    blocked.state->arm(FaultDevice::block_on_call(n));
    CancelSource cancel;
    auto outcome = std::async(std::launch::async, [&] {
      return drive(*blocked.transcriber, samples, 400000, cancel.token());
    });
    blocked.state->wait_until_blocked();
    cancel.cancel();
    // write() takes no CancelToken: the mel of each chunk.
    if (n == 1 || n == 4) blocked.state->release();
    const auto error = outcome.get().error;
    ASSERT_TRUE(error) << "call " << n;
    EXPECT_EQ(error->code, ErrorCode::kCancelled) << "call " << n << ": " << error->message;
    blocked.state->arm({});
    blocked.transcriber->reset();
    blocked.script->windows = 0;
    EXPECT_EQ(drive(*blocked.transcriber, samples).lines(), expected) << "call " << n;
  }
}

}  // namespace
}  // namespace npu
