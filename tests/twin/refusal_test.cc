// SPDX-License-Identifier: LGPL-2.1-or-later
// Streams of the right form that a device would drop, hang on or answer with garbage: each is
// refused with its own message, which names the operation and its word.
#include <gtest/gtest.h>

#include "array.h"
#include "result.h"
#include "test_product.h"
#include "test_stream.h"

namespace npu::twin::testing {
namespace {

constexpr TestBd kObject = {kObjectWords};
constexpr TestBd kTiles = {kRows * kTileWords};  // a C object of every core of a column

// A stream in the making, and its buffers.
struct Scene {
  TestMemory memory;
  TestStream stream;
  size_t culprit = 0;  // the operation to blame

  // Blames the operation that comes next.
  void blame() { culprit = stream.operations(); }
  void blame_end() { culprit = SIZE_MAX; }

  uint32_t data(size_t objects) { return memory.add(std::vector<int8_t>(objects * 8192, 1)); }
  uint32_t descriptor(const kernels::Descriptor& of, size_t objects = 0) {
    std::vector<int8_t> bytes;
    append(&bytes, of);
    bytes.resize((1 + objects) * 8192, 1);
    return memory.add(bytes);
  }
  // Of one object pair, for 16 rows.
  kernels::Descriptor product(uint32_t flags = 0) {
    kernels::Descriptor d = empty_descriptor(kernels::Op::kMatmul, 16, 1, 1);
    d.head.epilogue = kernels::Epilogue::kI8;
    d.head.shift = 14;
    d.head.flags = flags;
    return d;
  }
  // Operations that take `count` objects of row 0's A, in these columns.
  void passes(std::initializer_list<unsigned> columns, uint16_t count) {
    const uint32_t pass = descriptor(empty_descriptor(kernels::Op::kPass, 16, 1, count));
    for (const unsigned column : columns) stream.task(b_in(column), 0, kObject, pass, 0);
  }
  // Descriptor `bd` with its address, not started.
  void prepare(const Channel& channel, unsigned bd, const TestBd& fields, uint32_t argument,
               uint32_t offset = 0) {
    stream.bd(channel.column, bd, fields);
    stream.patch(channel.column, bd, argument, offset);
  }
};

struct RefusalCase {
  const char* name;
  FaultKind kind;
  const char* says;
  void (*build)(Scene&);
  kernels::Program program = kernels::Program::kWhole;
};

class Refusal : public ::testing::TestWithParam<RefusalCase> {};

TEST_P(Refusal, NamesTheOperationAndItsWord) {
  const RefusalCase& of = GetParam();
  Scene scene;
  of.build(scene);
  Array array({}, of.program);
  const std::vector<uint32_t> words = scene.stream.words();
  const Report report = array.run(words, scene.memory.buffers());
  ASSERT_TRUE(report.fault);
  const Fault& fault = *report.fault;
  EXPECT_EQ(fault.kind, of.kind) << fault.message;
  EXPECT_NE(fault.message.find(of.says), std::string::npos) << fault.message;
  const bool end = scene.culprit == SIZE_MAX;
  const size_t operation = end ? scene.stream.operations() : scene.culprit;
  const size_t word = end ? words.size() : scene.stream.start(operation);
  EXPECT_EQ(fault.operation, operation) << fault.message;
  EXPECT_EQ(fault.word, word) << fault.message;
  const std::string where = end ? text("end of the stream (", operation, " operations)")
                                : text("operation ", operation, " (");
  EXPECT_EQ(fault.message.find(where), 0u) << fault.message;
}

const RefusalCase kAddresses[] = {
    {"AnArgumentThatTheRunHasNot", FaultKind::kAddress, "argument 1: expected one below 1",
     [](Scene& s) {
       s.data(1);
       s.stream.bd(0, 0, kObject);
       s.blame();
       s.stream.patch(0, 0, 1, 0);
     }},
    {"AnOffsetBehindTheBuffer", FaultKind::kAddress, "an offset below 8192 bytes",
     [](Scene& s) {
       s.data(1);
       s.stream.bd(0, 0, kObject);
       s.blame();
       s.stream.patch(0, 0, 0, 8192);
     }},
    {"AnOffsetWithinAWord", FaultKind::kAddress, "found offset 2",
     [](Scene& s) {
       s.data(1);
       s.stream.bd(0, 0, kObject);
       s.blame();
       s.stream.patch(0, 0, 0, 2);
     }},
    {"ATransferPastTheEnd", FaultKind::kAddress, "reaches word 2047 behind its address",
     [](Scene& s) {
       s.prepare(b_in(0), 0, kObject, s.data(1), 4);
       s.blame();
       s.stream.push(b_in(0), 0);
     }},
    {"AnIterationPastTheEnd", FaultKind::kAddress, "reaches word 6143",
     [](Scene& s) {
       s.prepare(a_in(2), 0, {kObjectWords, 0, 1, 0, 1, 1, 3, kObjectWords}, s.data(2));
       s.blame();
       s.stream.push(a_in(2), 0, 3);
     }},
    {"AStepPastTheEnd", FaultKind::kAddress, "reaches word",
     [](Scene& s) {
       s.prepare(a_in(2), 0, {2048, 512, 1, 2, 512, 4096}, s.data(2));
       s.blame();
       s.stream.push(a_in(2), 0);
     }},
    {"NoAddendFromArgument5", FaultKind::kAddress, "expected 0x80000000 added",
     [](Scene& s) {
       for (int i = 0; i < 6; ++i) s.data(1);
       s.stream.bd(0, 0, kObject);
       s.blame();
       s.stream.patch(0, 0, 5, 0);
     }},
    {"AnAddendBelowArgument5", FaultKind::kAddress, "expected an offset without 0x80000000",
     [](Scene& s) {
       for (int i = 0; i < 6; ++i) s.data(1);
       s.stream.bd(0, 0, kObject);
       s.blame();
       s.stream.patch(0, 0, 4, 0x8000'0000);
     }},
    {"ATaskWithoutAnAddress", FaultKind::kAddress, "expected a DDR patch",
     [](Scene& s) {
       s.stream.bd(0, 0, kObject);
       s.blame();
       s.stream.push(a_in(0), 0);
     }},
    {"AWordThatNobodyWrote", FaultKind::kNeverWritten, "reads byte 40 of argument 0",
     [](Scene& s) {
       const uint32_t data = s.data(1);
       s.memory.written(data).clear(10, 1);
       s.prepare(a_in(0), 0, kObject, data);
       s.blame();
       s.stream.push(a_in(0), 0);
     }},
    {"AWordThatTwoTasksWroteAtOnce", FaultKind::kNeverWritten, "reads byte 0 of argument 0",
     [](Scene& s) {
       const uint32_t data = s.memory.add(2 * 8192), operation = s.descriptor(s.product(), 1);
       for (const unsigned column : {0u, 1u}) {
         s.stream.task(c_out(column), 0, kTiles, data, 0);
         s.stream.task(b_in(column), 1, {2 * kObjectWords}, operation, 0);
       }
       s.stream.task(a_in(0), 2, kObject, s.data(1), 0);
       for (const unsigned column : {0u, 1u}) s.stream.wait(c_out(column));
       s.prepare(a_in(3), 0, kObject, data);
       s.blame();
       s.stream.push(a_in(3), 0);
     }},
    {"AReadOfWhatIsBeingWritten", FaultKind::kConflict, "reads device address",
     [](Scene& s) {
       const uint32_t data = s.data(2);
       s.stream.task(c_out(1), 0, kTiles, data, 0);
       s.prepare(a_in(0), 0, kObject, data, 8192);
       s.blame();
       s.stream.push(a_in(0), 0);
     }},
    {"AWriteOfWhatIsBeingRead", FaultKind::kConflict, "writes device address",
     [](Scene& s) {
       const uint32_t data = s.data(2);
       s.stream.task(b_in(3), 0, kObject, data, 0);
       s.prepare(c_out(0), 0, kTiles, data, 0);
       s.blame();
       s.stream.push(c_out(0), 0);
     }},
};

const RefusalCase kTasks[] = {
    {"AFifthTask", FaultKind::kQueue, "a fifth task on MM2S 1 of shim 1",
     [](Scene& s) {
       const uint32_t data = s.data(5);
       for (unsigned i = 0; i < 4; ++i) s.stream.task(b_in(1), i, kObject, data, i * 8192);
       s.prepare(b_in(1), 4, kObject, data, 4 * 8192);
       s.blame();
       s.stream.push(b_in(1), 4);
     }},
    {"ADescriptorRewrittenWhileLive", FaultKind::kLive, "descriptor 7 of shim 1 belongs to",
     [](Scene& s) {
       s.stream.task(b_in(1), 7, kObject, s.data(1), 0);
       s.blame();
       s.stream.bd(1, 7, kObject);
     }},
    {"ADescriptorPatchedWhileLive", FaultKind::kLive, "descriptor 7 of shim 1 belongs to",
     [](Scene& s) {
       s.stream.task(b_in(1), 7, kObject, s.data(1), 0);
       s.blame();
       s.stream.patch(1, 7, 0, 0);
     }},
    {"ADescriptorStartedWhileLive", FaultKind::kLive, "descriptor 7 of shim 1 belongs to",
     [](Scene& s) {
       s.stream.task(b_in(1), 7, kObject, s.data(1), 0);
       s.blame();
       s.stream.push(a_in(1), 7);
     }},
    {"AWordOfADescriptorThatIsNotKnown", FaultKind::kField, "whose other words",
     [](Scene& s) {
       s.blame();
       s.stream.operation({0, 0, 0x1D000, 0, 2048, 24});
     }},
    {"AWordThatMakesADescriptorWrong", FaultKind::kField, "descriptor 0: length",
     [](Scene& s) {
       s.prepare(a_in(0), 0, kObject, s.data(1));
       s.stream.operation({0, 0, 0x1D000, 0, 0, 24});
       s.blame();
       s.stream.push(a_in(0), 0);
     }},
    {"ADescriptorThatWasNotWritten", FaultKind::kField, "what is on the chip is not known",
     [](Scene& s) {
       s.blame();
       s.stream.push(a_in(0), 3);
     }},
    {"APatchOfADescriptorThatWasNotWritten", FaultKind::kField, "was not written in this stream",
     [](Scene& s) {
       s.data(1);
       s.blame();
       s.stream.patch(0, 3, 0, 0);
     }},
    {"AChainThatNeverEnds", FaultKind::kField, "comes back to descriptor 1",
     [](Scene& s) {
       TestBd first = kObject, second = kObject;
       first.next = 2, second.next = 1;
       s.prepare(a_in(0), 1, first, s.data(1));
       s.prepare(a_in(0), 2, second, s.data(1));
       s.blame();
       s.stream.push(a_in(0), 1);
     }},
    {"AChannelThatLeadsNowhere", FaultKind::kRegister, "S2MM 1 of shim 0 leads nowhere",
     [](Scene& s) {
       s.prepare(a_in(0), 0, kObject, s.data(1));
       s.blame();
       s.stream.push({0, Direction::kS2mm, 1}, 0);
     }},
    {"ATokenWithoutAControllerId", FaultKind::kToken, "has no controller id",
     [](Scene& s) {
       s.prepare(c_out(0), 0, kTiles, s.data(2));
       s.blame();
       s.stream.push(c_out(0), 0, 1, true);
     }},
    {"ATokenToAnotherController", FaultKind::kToken, "has controller id 3: expected 15",
     [](Scene& s) {
       s.prepare(c_out(0), 0, kTiles, s.data(2));
       s.stream.controller(c_out(0), 3);
       s.blame();
       s.stream.push(c_out(0), 0, 1, true);
     }},
    {"AWaitWithoutATask", FaultKind::kToken, "the controller would hang",
     [](Scene& s) {
       s.stream.task(c_out(0), 0, kTiles, s.data(2), 0);
       s.blame();
       s.stream.wait(c_out(1));
     }},
    {"AWaitForATaskWithoutAToken", FaultKind::kToken, "no task with a token",
     [](Scene& s) {
       s.stream.task(b_in(0), 0, kObject, s.data(2), 0);
       s.blame();
       s.stream.wait(b_in(0));
     }},
    {"ATokenThatNoWaitTakes", FaultKind::kToken, "S2MM 0 of shim 0: 1 tokens that no wait",
     [](Scene& s) {
       s.stream.task(c_out(0), 0, kTiles, s.data(2), 0);
       s.blame_end();
     }},
};

const RefusalCase kFlows[] = {
    {"AnOutputWithoutInput", FaultKind::kDeadlock,
     "the token of S2MM 0 of shim 0 cannot come, nothing can move:\n  S2MM 0 of shim 0: 1 tasks, "
     "1 of them not done, 0 words moved",
     [](Scene& s) {
       s.stream.task(c_out(0), 0, kTiles, s.data(2), 0);
       s.blame();
       s.stream.wait(c_out(0));
     }},
    {"AnOperationOneObjectShort", FaultKind::kDeadlock,
     "core (0,2) waits for A in operation 0 (op 1; A 0, B 1, C 0 objects)",
     [](Scene& s) {
       s.stream.task(c_out(0), 0, kTiles, s.data(2), 0);
       s.stream.task(b_in(0), 1, {2 * kObjectWords}, s.descriptor(s.product(), 1), 0);
       s.blame();
       s.stream.wait(c_out(0));
     }},
    {"AnOutputThatNobodyTakes", FaultKind::kLeftOver, "1 tiles of core row 0 that no task takes",
     [](Scene& s) {
       const uint32_t operation = s.descriptor(s.product(), 1);
       s.stream.task(b_in(0), 1, {2 * kObjectWords}, operation, 0);
       s.passes({1u, 2u, 3u}, 1);
       s.stream.task(a_in(0), 2, kObject, s.data(1), 0);
       s.blame_end();
     }},
    {"HalfAnObject", FaultKind::kLeftOver, "A of core row 2: expected whole objects of 8192 bytes",
     [](Scene& s) {
       s.stream.task(a_in(2), 0, {kObjectWords / 2}, s.data(1), 0);
       s.blame_end();
     }},
    {"AnObjectTooMany", FaultKind::kLeftOver, "expected a core between two operations",
     [](Scene& s) {
       s.stream.task(a_in(2), 0, kObject, s.data(1), 0);
       s.blame_end();
     }},
    {"AnObjectThatStaysInTheTile", FaultKind::kLeftOver,
     "A of core row 2: 1 objects that no core takes, the first brought by operation 2 (WRITE",
     [](Scene& s) {
       s.stream.task(a_in(2), 0, {3 * kObjectWords}, s.data(3), 0);
       s.blame_end();
     }},
    {"AWaitForAThatNobodyTakes", FaultKind::kDeadlock, "the token of MM2S 0 of shim 2 cannot come",
     [](Scene& s) {
       s.prepare(a_in(2), 0, {5 * kObjectWords}, s.data(5));
       s.stream.controller(a_in(2));
       s.stream.push(a_in(2), 0, 1, true);
       s.blame();
       s.stream.wait(a_in(2));
     }},
    {"OperationsThatFillC", FaultKind::kDeadlock,
     "core (0,2) waits for room in C in operation 3 (op 1; A 1, B 2, C 0 objects)",
     [](Scene& s) {
       s.prepare(b_in(0), 0, {2 * kObjectWords}, s.descriptor(s.product(), 1));
       s.stream.push(b_in(0), 0, 20);
       s.passes({1u, 2u, 3u}, 9);
       s.prepare(a_in(0), 1, {9 * kObjectWords}, s.data(9));
       s.stream.controller(a_in(0));
       s.stream.push(a_in(0), 1, 1, true);
       s.blame();
       s.stream.wait(a_in(0));
     }},
    {"ObjectsThatFillTheTileToo", FaultKind::kDeadlock, "the task of operation 2 (WRITE 0x0401D214",
     [](Scene& s) {
       s.stream.task(a_in(2), 0, {5 * kObjectWords}, s.data(5), 0);
       s.blame_end();
     }},
    {"AnOperationHalfDone", FaultKind::kLeftOver, "core (1,2) waits for B in operation 0",
     [](Scene& s) {
       s.stream.task(b_in(1), 0, kObject, s.descriptor(s.product()), 0);
       s.blame_end();
     }},
    {"AnObjectThatIsNoDescriptor", FaultKind::kCore,
     "core (1,2) expects the descriptor of its operation 0, brought by operation 2 (WRITE",
     [](Scene& s) {
       s.stream.task(b_in(1), 0, kObject, s.data(1), 0);
       s.blame_end();
     }},
    {"ATaskWhoseEndNoTokenShows", FaultKind::kLeftOver,
     "MM2S 1 of shim 3: no token that was waited for shows the end of the task of operation 2",
     [](Scene& s) {
       s.stream.task(b_in(3), 0, kObject,
                     s.descriptor(empty_descriptor(kernels::Op::kPass, 16, 0, 1)), 0);
       s.blame_end();
     }},
    {"AnOperationOfAnotherProgram", FaultKind::kCore, "has stopped: its program has not",
     [](Scene& s) {
       kernels::Descriptor d = empty_descriptor(kernels::Op::kCombine, 16, 1, 1);
       s.stream.task(b_in(1), 0, kObject, s.descriptor(d), 0);
       s.blame_end();
     },
     kernels::Program::kEncoder},
    {"PiecesThatStay", FaultKind::kLeftOver, "pieces in C",
     [](Scene& s) {
       s.stream.task(b_in(1), 0, {2 * kObjectWords}, s.descriptor(s.product(kernels::kNarrow), 1),
                     0);
       s.passes({0u, 2u, 3u}, 1);
       s.stream.task(a_in(0), 1, kObject, s.data(1), 0);
       s.blame_end();
     }},
    {"ATableThatNoOperationBrought", FaultKind::kKernel, "load of memory never written",
     [](Scene& s) {
       kernels::Descriptor d = s.product();
       d.head.epilogue = kernels::Epilogue::kGelu;
       s.stream.task(c_out(0), 0, kTiles, s.data(2), 0);
       s.stream.task(b_in(0), 1, {2 * kObjectWords}, s.descriptor(d, 1), 0);
       s.stream.task(a_in(0), 2, kObject, s.data(1), 0);
       s.blame();
       s.stream.wait(c_out(0));
     }},
};

const auto kName = [](const auto& of) { return of.param.name; };
INSTANTIATE_TEST_SUITE_P(Addresses, Refusal, ::testing::ValuesIn(kAddresses), kName);
INSTANTIATE_TEST_SUITE_P(Tasks, Refusal, ::testing::ValuesIn(kTasks), kName);
INSTANTIATE_TEST_SUITE_P(Flows, Refusal, ::testing::ValuesIn(kFlows), kName);

}  // namespace
}  // namespace npu::twin::testing
