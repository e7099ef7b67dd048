// SPDX-License-Identifier: LGPL-2.1-or-later
// A transcriber whose device hangs: whichever call it is, a cancel from another thread ends it.
#include <gtest/gtest.h>

#include <future>

#include "fault_device.h"
#include "longform_bench.h"

namespace npu {
namespace {

using testing::at;
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
  made.script = testing::script_of({{{at(0), 300, 301, at(4)}}});
  auto device =
      std::make_unique<FaultDevice>(std::make_unique<testing::ScriptedDevice>(made.script));
  made.state = device->state();
  const auto model = Model::create(std::make_unique<testing::NumberedWordsFile>(51865),
                                   std::move(device), Precision::kF32, {}, {});
  TranscribeOptions options;
  options.word_timestamps = true;
  made.transcriber = Transcriber::create(*model, options).value();
  return made;
}

TEST(BlockedDevice, EveryRunIsEndedByACancelAndResetMakesItGood) {
  const std::vector<float> samples = testing::some_noise(10);
  Blocked good = make();
  good.state->arm({});
  const auto expected = drive(*good.transcriber, samples).lines();
  const int calls = good.state->calls() - 2;  // beside load() and create_context()
  ASSERT_EQ(expected.size(), 1U);
  ASSERT_GT(calls, 8);
  for (int n = 1; n <= calls; ++n) {
    Blocked blocked = make();
    blocked.state->arm(FaultDevice::block_on_call(n));
    CancelSource cancel;
    auto outcome = std::async(std::launch::async, [&] {
      return drive(*blocked.transcriber, samples, 200000, cancel.token());
    });
    blocked.state->wait_until_blocked();
    cancel.cancel();
    // write() takes no CancelToken: the mel of language detection (1) and of the window (5).
    if (n == 1 || n == 5) blocked.state->release();
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
