// SPDX-License-Identifier: LGPL-2.1-or-later
// The double on programs that keep XRT's rules, and its words for those that do not.
#include <stdexcept>

#include "session.h"

namespace xrt_double {
namespace {

class XrtDouble : public OnTheDouble {};

TEST_F(XrtDouble, RunsAStreamOnTheDevicesCopies) {
  Session session;
  session.fill(7);
  auto run = session.copy();
  run.start();
  run.wait2();
  EXPECT_EQ(run.state(), ERT_CMD_STATE_COMPLETED);
  EXPECT_EQ(session.word_of(session.to, 1023), 7u);
}

TEST_F(XrtDouble, ARunStartsAgainWithOtherArguments) {
  Session session;
  xrt::bo other = session.data(kBytes);
  session.fill(7);
  auto run = session.copy();
  run.start();
  run.wait2();
  run.set_arg(4, other);
  run.start();
  run.wait2();
  EXPECT_EQ(session.word_of(other, 0), 7u);
}

TEST_F(XrtDouble, ReadsPoisonWhereNothingWasSynced) {
  Session session;
  EXPECT_EQ(session.word_of(session.to, 0), 0xA5A5A5A5u);
}

TEST_F(XrtDouble, SyncMovesItsRangeOnly) {
  Session session;
  std::fill_n(session.from.map<uint32_t*>(), kBytes / 4, 9);
  session.from.sync(XCL_BO_SYNC_BO_TO_DEVICE, 8, 16);
  EXPECT_EQ(session.word_of(session.from, 3), 0xA5A5A5A5u);
  EXPECT_EQ(session.word_of(session.from, 4), 9u);
  EXPECT_EQ(session.word_of(session.from, 6), 0xA5A5A5A5u);
}

TEST_F(XrtDouble, WhatIsNotSyncedBackIsNotSeen) {
  Session session;
  session.fill(7);
  auto run = session.copy();
  run.start();
  run.wait2();
  EXPECT_EQ(session.to.map<uint32_t*>()[0], 0u);
}

TEST_F(XrtDouble, AMissingSyncIsAFaultOfTheArray) {
  Session session;
  session.from.sync(XCL_BO_SYNC_BO_TO_DEVICE, 400, 0);
  auto run = session.copy();
  run.start();
  EXPECT_THROW(run.wait2(), xrt::run::aie_error);
  EXPECT_CONTAINS(only_violation(), "word 100 of buffer 0 was never synced");
}

TEST_F(XrtDouble, APartOfABufferIsAtItsPlace) {
  Session session;
  session.fill(7);
  session.from.map<uint32_t*>()[512] = 8;
  session.from.sync(XCL_BO_SYNC_BO_TO_DEVICE);
  xrt::bo part(session.from, 1024, 2048);
  EXPECT_EQ(part.address(), session.from.address() + 2048);
  auto run = session.copy(256);
  run.set_arg(3, part);
  run.start();
  run.wait2();
  EXPECT_EQ(session.word_of(session.to, 0), 8u);
}

TEST_F(XrtDouble, BuffersHaveAPageBetweenThem) {
  Session session;
  EXPECT_GE(session.to.address(), session.from.address() + kBytes + 4096);
}

TEST_F(XrtDouble, ReadsTheKernelOfAnXclbin) {
  Session session;
  const auto kernels = session.xclbin.get_kernels();
  ASSERT_EQ(kernels.size(), 1u);
  EXPECT_EQ(kernels[0].get_name(), "MLIR_AIE");
  EXPECT_EQ(kernels[0].get_num_args(), 8u);
  EXPECT_EQ(session.kernel.group_id(1), 0x10001);
  EXPECT_EQ(session.kernel.group_id(7), 0x10000);
  EXPECT_THROW(session.kernel.group_id(8), std::out_of_range);
}

// What a program may not do, each with the double's word for it.
struct Misuse {
  const char* name;
  void (*act)(Session& session);
  const char* violation;
};
void PrintTo(const Misuse& misuse, std::ostream* out) {
  *out << misuse.name;
}

void with_argument(Session& session, int index, const auto& value) {
  auto run = session.copy();
  run.set_arg(index, value);
  run.start();
}

const Misuse kMisuses[] = {
    {"DataBufferOfTheInstructionsGroup",
     [](Session& s) {
       auto run = s.copy();
       run.set_arg(3, s.instructions(copy_stream({})));
     },
     "argument 3: expected a buffer of group 65536, found one of 65537"},
    {"InstructionsOfTheDatasGroup", [](Session& s) { with_argument(s, 1, s.data(64)); },
     "argument 1: expected a buffer of group"},
    {"InstructionsNotCacheable",
     [](Session& s) {
       const auto group = static_cast<xrt::memory_group>(s.kernel.group_id(1));
       with_argument(s, 1, xrt::bo(s.device, 4096, xrt::bo::flags::host_only, group));
     },
     "flags::cacheable"},
    {"BytesInsteadOfWords",
     [](Session& s) { with_argument(s, 2, static_cast<uint32_t>(copy_stream({{}}).size() * 4)); },
     "within the 136 bytes"},
    {"TooFewWords", [](Session& s) { with_argument(s, 2, uint32_t{10}); },
     "expected the 34 words that the stream's header says, found 10"},
    {"InstructionsNotSynced",
     [](Session& s) {
       const auto group = static_cast<xrt::memory_group>(s.kernel.group_id(1));
       with_argument(s, 1, xrt::bo(s.device, 4096, xrt::bo::flags::cacheable, group));
     },
     "word 0 of 34 was never synced"},
    {"OldOpcode", [](Session& s) { with_argument(s, 0, uint64_t{2}); }, "expected the opcode 3"},
    {"ScalarOfTooFewBytes", [](Session& s) { with_argument(s, 0, uint32_t{3}); },
     "expected 8 bytes, found 4"},
    {"BufferForAScalar", [](Session& s) { with_argument(s, 2, s.to); }, "expected a scalar"},
    {"ScalarForABuffer", [](Session& s) { with_argument(s, 3, uint64_t{0}); }, "expected a buffer"},
    {"ArgumentsNotSet",
     [](Session& s) {
       xrt::run run(s.kernel);
       run.start();
     },
     "argument 0: was not set"},
    {"PartOfAPart", [](Session& s) { xrt::bo(xrt::bo(s.from, 1024, 1024), 512, 512).size(); },
     "a sub-buffer of a sub-buffer"},
    {"PartAtAnOddPlace", [](Session& s) { xrt::bo(s.from, 8, 2).size(); }, "multiple of 4 bytes"},
    {"GroupOfAScalar", [](Session& s) { static_cast<void>(s.kernel.group_id(0)); },
     "argument 0 is no buffer"},
    {"WaitForARunNotStarted", [](Session& s) { s.copy().wait2(); }, "was not started"},
    {"UnknownParameter",
     [](Session& s) {
       xrt::hw_context(s.device, s.id, {{"speed", 1}}).get_handle();
     },
     "'speed'"},
};

class MisuseOfXrt : public OnTheDouble, public ::testing::WithParamInterface<Misuse> {};

TEST_P(MisuseOfXrt, IsAViolation) {
  Session session;
  EXPECT_THROW(GetParam().act(session), std::logic_error);
  EXPECT_CONTAINS(only_violation(), GetParam().violation);
}
INSTANTIATE_TEST_SUITE_P(XrtDouble, MisuseOfXrt, ::testing::ValuesIn(kMisuses),
                         [](const auto& test) { return test.param.name; });

TEST_F(XrtDouble, RefusesWhatXrtRefusesInItsWords) {
  Session session;
  EXPECT_EQ(thrown([&] { xrt::device(1u); }), " No such device with index '1'");
  EXPECT_EQ(thrown([&] { xrt::kernel(session.context, "OTHER"); }), "No such kernel 'OTHER'");
  EXPECT_EQ(thrown([&] { xrt::xclbin(std::string("/nowhere.xclbin")); }),
            "No such file '/nowhere.xclbin'");
  EXPECT_EQ(thrown([&] { xrt::bo(session.from, kBytes, 8); }), "sub buffer size and offset");
  auto run = session.copy();
  EXPECT_THROW(run.set_arg(8, session.to), std::out_of_range);
}

TEST_F(XrtDouble, SyncOfABufferInUseIsAViolation) {
  Session session;
  session.fill(7);
  auto run = session.copy();
  hold();
  run.start();
  wait_until_held();
  EXPECT_THROW(session.to.sync(XCL_BO_SYNC_BO_FROM_DEVICE), std::logic_error);
  EXPECT_CONTAINS(only_violation(), "that a command under way uses");
  EXPECT_THROW(run.set_arg(4, session.to), std::logic_error);
  EXPECT_CONTAINS(only_violation(), "set while the run is under way");
  release();
  run.wait2();
  EXPECT_EQ(session.word_of(session.to, 0), 7u);
}

TEST_F(XrtDouble, TheRestOfABufferMayBeSyncedWhileAPartIsInUse) {
  Session session;
  session.fill(7);
  auto run = session.copy(256);
  run.set_arg(3, xrt::bo(session.from, 1024, 0));
  hold();
  run.start();
  wait_until_held();
  session.from.sync(XCL_BO_SYNC_BO_TO_DEVICE, 1024, 1024);
  release();
  run.wait2();
}

TEST_F(XrtDouble, ARunMustNotEndBeforeItsCommand) {
  Session session;
  session.fill(7);
  hold();
  {
    auto run = session.copy();
    run.start();
  }
  EXPECT_CONTAINS(only_violation(), "a run was destroyed before it was done");
  release();
}

TEST_F(XrtDouble, RunsMustNotOutliveTheirContext) {
  auto session = std::make_unique<Session>();
  auto run = session->copy();
  session->context = {};
  EXPECT_CONTAINS(only_violation(), "while 1 of its runs or runlists were alive");
  EXPECT_THROW(run.start(), std::logic_error);
  EXPECT_CONTAINS(only_violation(), "its context has been destroyed");
}

TEST_F(XrtDouble, HeapIsBounded) {
  Session session;
  const auto group = static_cast<xrt::memory_group>(session.kernel.group_id(1));
  EXPECT_CONTAINS(
      thrown([&] { xrt::bo(session.device, (64 << 20) + 1, xrt::bo::flags::cacheable, group); }),
      "CREATE_BO IOCTL failed (err=-12)");
}

}  // namespace
}  // namespace xrt_double
