// SPDX-License-Identifier: LGPL-2.1-or-later
// How commands end, what befalls the device, and runlists.
#include <stdexcept>
#include <system_error>
#include <thread>

#include "session.h"

namespace xrt_double {
namespace {

using std::chrono::milliseconds;

class XrtDoubleFaults : public OnTheDouble {};

struct Ending {
  const char* effect;
  ert_cmd_state state;
  const char* name;
};
void PrintTo(const Ending& ending, std::ostream* out) {
  *out << ending.effect;
}
const Ending kEndings[] = {{"error", ERT_CMD_STATE_ERROR, "ERT_CMD_STATE_ERROR"},
                           {"abort", ERT_CMD_STATE_ABORT, "ERT_CMD_STATE_ABORT"},
                           {"timeout", ERT_CMD_STATE_TIMEOUT, "ERT_CMD_STATE_TIMEOUT"},
                           {"noresponse", ERT_CMD_STATE_NORESPONSE, "ERT_CMD_STATE_NORESPONSE"},
                           {"hang", ERT_CMD_STATE_TIMEOUT, "ERT_CMD_STATE_TIMEOUT"},
                           {"slow:1000", ERT_CMD_STATE_TIMEOUT, "ERT_CMD_STATE_TIMEOUT"}};

class Endings : public OnTheDouble, public ::testing::WithParamInterface<Ending> {};

TEST_P(Endings, AreStatesOfWaitAndExceptionsOfWait2) {
  with_faults(std::string("command@2=") + GetParam().effect);
  Session session;
  session.fill(7);
  auto run = session.copy();
  run.start();
  run.wait2();
  run.start();
  EXPECT_EQ(run.wait(), GetParam().state);
  try {
    run.wait2();
    FAIL() << "nothing was thrown";
  } catch (const xrt::run::command_error& error) {
    EXPECT_NE(dynamic_cast<const xrt::run::aie_error*>(&error), nullptr);
    EXPECT_EQ(error.get_command_state(), GetParam().state);
    EXPECT_EQ(std::string(error.what()),
              std::string("Command failed to complete successfully (") + GetParam().name + ")");
  }
  run.start();
  run.wait2();
}

TEST_P(Endings, InARunlistAbortTheRunsBehind) {
  with_faults(std::string("command@26=") + GetParam().effect);
  Session session;
  session.fill(7);
  std::vector<xrt::run> runs;
  for (int i = 0; i < 50; ++i) runs.push_back(session.copy());
  xrt::runlist list(session.context);
  for (const auto& run : runs) list.add(run);
  list.execute();
  try {
    list.wait();
    FAIL() << "nothing was thrown";
  } catch (const xrt::runlist::command_error& error) {
    EXPECT_NE(dynamic_cast<const xrt::runlist::aie_error*>(&error), nullptr);
    EXPECT_EQ(error.get_command_state(), GetParam().state);
    EXPECT_EQ(error.get_run().get_handle(), runs[25].get_handle());
    EXPECT_EQ(std::string(error.what()),
              std::string("runlist failed execution (") + GetParam().name + ")");
  }
  EXPECT_EQ(runs[24].state(), ERT_CMD_STATE_COMPLETED);
  EXPECT_EQ(runs[26].state(), ERT_CMD_STATE_ABORT);
  EXPECT_EQ(runs[49].state(), ERT_CMD_STATE_ABORT);
  list.execute();
  list.wait();
  EXPECT_EQ(runs[49].state(), ERT_CMD_STATE_COMPLETED);
}

INSTANTIATE_TEST_SUITE_P(XrtDouble, Endings, ::testing::ValuesIn(kEndings), [](const auto& test) {
  const std::string name = test.param.effect;
  return name.substr(0, name.find(':'));
});

TEST_F(XrtDoubleFaults, TheCallersTimeoutIsNotTheDrivers) {
  Session session;
  session.fill(7);
  auto run = session.copy();
  hold();
  run.start();
  EXPECT_EQ(run.wait2(milliseconds(1)), std::cv_status::timeout);
  EXPECT_EQ(run.wait(milliseconds(1)), ERT_CMD_STATE_TIMEOUT);
  EXPECT_LT(run.state(), ERT_CMD_STATE_COMPLETED);
  EXPECT_EQ(thrown([&] { run.start(); }), "bad command state, can't launch");
  release();
  EXPECT_EQ(run.wait2(milliseconds(0)), std::cv_status::no_timeout);
}

TEST_F(XrtDoubleFaults, AnArrayThatStandsStillEndsInTheWatchdog) {
  with_faults("");
  Session session;
  auto run = session.run(hanging_stream());
  const int resets = executor->resets;
  run.start();
  EXPECT_EQ(run.wait(), ERT_CMD_STATE_TIMEOUT);
  EXPECT_CONTAINS(only_violation(), "stands still");
  auto next = session.run(copy_stream({}));
  next.start();
  next.wait2();
  EXPECT_EQ(executor->resets, resets + 1) << "what was on the chip is lost";
}

TEST_F(XrtDoubleFaults, ASlowCommandCompletes) {
  with_faults("command@1=slow:1");
  Session session;
  session.fill(7);
  auto run = session.copy();
  run.start();
  run.wait2();
}

TEST_F(XrtDoubleFaults, TheFifthSubmissionBlocksUntilOneIsDone) {
  Session session;
  session.fill(7);
  std::vector<xrt::run> runs;
  for (int i = 0; i < 5; ++i) runs.push_back(session.copy());
  hold();
  for (int i = 0; i < 4; ++i) runs[static_cast<size_t>(i)].start();
  std::jthread fifth([&] { runs[4].start(); });
  wait_until_blocked();
  EXPECT_EQ(runs[4].state(), ERT_CMD_STATE_NEW);
  release();
  fifth.join();
  runs[4].wait2();
  EXPECT_EQ(runs[0].state(), ERT_CMD_STATE_COMPLETED);
}

TEST_F(XrtDoubleFaults, RunlistsObeyXrtsOrder) {
  Session session;
  session.fill(7);
  auto run = session.copy();
  xrt::runlist list(session.context);
  list.execute();
  list.wait();
  list.add(run);
  EXPECT_CONTAINS(thrown([&] { run.start(); }), "Run object belongs to a runlist");
  hold();
  list.execute();
  EXPECT_EQ(list.wait(milliseconds(1)), std::cv_status::timeout);
  EXPECT_CONTAINS(thrown([&] { list.execute(); }), "must be idle before submitting");
  EXPECT_CONTAINS(thrown([&] { list.add(run); }), "must be idle before adding");
  EXPECT_CONTAINS(thrown([&] { list.reset(); }), "cannot be reset");
  release();
  list.wait();
  list.reset();
  run.start();
  run.wait2();
}

TEST_F(XrtDoubleFaults, ARunlistThatIsDestroyedDoesNotWait) {
  Session session;
  session.fill(7);
  auto run = session.copy();
  hold();
  {
    xrt::runlist list(session.context);
    list.add(run);
    list.execute();
  }
  EXPECT_CONTAINS(only_violation(), "a runlist was destroyed before it was done");
  release();
  run.wait2();
}

TEST_F(XrtDoubleFaults, ASeventhContextIsRefused) {
  Session session;
  std::vector<xrt::hw_context> five;
  for (int i = 0; i < 5; ++i) five.emplace_back(session.device, session.id);
  EXPECT_EQ(contexts(), 6u);
  const auto seventh = [&] { xrt::hw_context(session.device, session.id).get_handle(); };
  EXPECT_CONTAINS(thrown(seventh), "DRM_IOCTL_AMDXDNA_CREATE_HWCTX IOCTL failed (err=-22)");
  five.pop_back();
  EXPECT_EQ(thrown(seventh), "nothing");
}

TEST_F(XrtDoubleFaults, ContextsCanBeExhaustedForAWhile) {
  with_faults("context@1-2=exhausted");
  const auto open = [] { Session session; };
  EXPECT_CONTAINS(thrown(open), "err=-22");
  EXPECT_CONTAINS(thrown(open), "err=-22");
  EXPECT_EQ(thrown(open), "nothing");
}

TEST_F(XrtDoubleFaults, AbsentDevicesAreNotThere) {
  Scene scene;
  scene.devices = 0;
  begin(scene);
  EXPECT_EQ(xrt::system::enumerate_devices(), 0u);
  EXPECT_EQ(thrown([] { xrt::device(0u); }), " No such device with index '0'");
}

TEST_F(XrtDoubleFaults, ADeviceOfAnotherGenerationSaysSo) {
  Scene scene;
  scene.name = "NPU Strix";
  begin(scene);
  EXPECT_EQ(xrt::device(0u).get_info<xrt::info::device::name>(), "NPU Strix");
}

TEST_F(XrtDoubleFaults, AShortReadOfAnXclbinIsSeen) {
  const XclbinOnDisk file;
  Scene scene;
  scene.xclbin_bytes = 100;
  begin(scene);
  EXPECT_EQ(thrown([&] { xrt::xclbin{file.path()}; }),
            "xclbin: buffer too small to contain header");
  scene.xclbin_bytes = 1000;
  begin(scene);
  EXPECT_EQ(thrown([&] { xrt::xclbin{file.path()}; }),
            "xclbin: m_length does not match buffer size");
}

TEST_F(XrtDoubleFaults, AVanishedDeviceAbortsWhatRunsAndRefusesAllElse) {
  Session session;
  session.fill(7);
  auto run = session.copy();
  hold();
  run.start();
  wait_until_held();
  vanish();
  EXPECT_CONTAINS(thrown([&] { run.wait2(); }), "ERT_CMD_STATE_ABORT");
  EXPECT_THROW(session.from.sync(XCL_BO_SYNC_BO_TO_DEVICE), std::system_error);
  EXPECT_EQ(xrt::system::enumerate_devices(), 0u);
}

TEST_F(XrtDoubleFaults, AWedgedDeviceFailsForGood) {
  with_faults("command@2=wedge");
  Session session;
  session.fill(7);
  auto run = session.copy();
  run.start();
  run.wait2();
  run.start();
  EXPECT_CONTAINS(thrown([&] { run.wait2(); }), "ERT_CMD_STATE_TIMEOUT");
  for (int i = 0; i < 3; ++i) {
    EXPECT_CONTAINS(thrown([&] { run.start(); }), "IOCTL failed (err=-5)");
    EXPECT_CONTAINS(thrown([] { xrt::device(0u); }), "IOCTL failed (err=-5)");
  }
}

// Each call fails at its n-th time, and only then, in a program that makes all of them.
TEST_F(XrtDoubleFaults, EveryCallCanFailTheNthTime) {
  const auto program = [] {
    xrt::system::enumerate_devices();
    Session session;
    session.device.get_info<xrt::info::device::name>();
    session.fill(7);
    xrt::bo part(session.to, 1024, 0);
    auto run = session.copy();
    run.start();
    run.wait2();
    xrt::runlist list(session.context);
    list.add(run);
    list.execute();
    list.wait();
    list.reset();
  };
  for (const char* call :
       {"enumerate", "device", "info",       "xclbin", "register", "context",   "kernel",
        "group_id",  "buffer", "sub_buffer", "map",    "sync",     "run",       "set_arg",
        "start",     "wait",   "runlist",    "add",    "execute",  "list_wait", "reset"}) {
    with_faults(std::string(call) + "@1=fail:the first " + call);
    EXPECT_EQ(thrown(program), std::string("the first ") + call);
    take_violations();  // a list whose wait failed is destroyed before it is done
    EXPECT_EQ(thrown(program), "nothing") << call;
    EXPECT_GE(calls(call), 2u) << call;
    for (const char* effect : {"vanish", "wedge"}) {
      with_faults(std::string(call) + "@1=" + effect);
      EXPECT_NE(thrown(program), "nothing") << call << " " << effect;
      EXPECT_NE(thrown(program), "nothing") << call << " " << effect;
      take_violations();
    }
  }
}

TEST_F(XrtDoubleFaults, AnIgnoredSyncMovesNothing) {
  with_faults("sync@2=ignore");
  Session session;
  auto* host = session.from.map<uint32_t*>();
  host[0] = 1;
  session.from.sync(XCL_BO_SYNC_BO_TO_DEVICE);
  host[0] = 2;
  session.from.sync(XCL_BO_SYNC_BO_TO_DEVICE);
  session.from.sync(XCL_BO_SYNC_BO_FROM_DEVICE);
  EXPECT_EQ(host[0], 1u);
}

TEST_F(XrtDoubleFaults, PlansThatCannotBeReadAreRefused) {
  for (const char* plan :
       {"start", "start=fail", "begin@1=fail", "start@0=fail", "start@2-1=fail", "start@x=fail",
        "start@1=explode", "start@1=error", "start@1=exhausted", "command@1=fail", "command@1=slow",
        "command@1=error:5", "start@1=ignore", "sync@1=ignore:5"})
    EXPECT_THROW(with_faults(plan), std::invalid_argument) << plan;
}

}  // namespace
}  // namespace xrt_double
