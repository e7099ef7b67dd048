// SPDX-License-Identifier: LGPL-2.1-or-later
#include <deque>
#include <memory>

#include "core/host_core.h"
#include "core_streams.h"
#include "layout/descriptor_check.h"

namespace {

using namespace kernels;
using namespace core_streams;
using aie_host::TileBuffer;

// A stream from vectors, through two buffers that are poisoned in between.
class VectorSource : public HostSource {
 public:
  explicit VectorSource(const std::vector<Bytes>& objects) : objects_(objects) {}
  bool more() override { return next_ < objects_.size(); }
  const int8_t* acquire() override {
    EXPECT_FALSE(held_);
    EXPECT_TRUE(more()) << "a core waits for ever";
    held_ = true;
    TileBuffer<int8_t>& buffer = buffers_[next_ % 2];
    buffer.forget();
    if (more()) buffer.set(objects_[next_]);
    return buffer.data();
  }
  void release() override {
    EXPECT_TRUE(held_);
    held_ = false;
    ++next_;
  }
  size_t taken() const { return next_; }
  bool held() const { return held_; }

 private:
  const std::vector<Bytes>& objects_;
  TileBuffer<int8_t> buffers_[2] = {TileBuffer<int8_t>(kObjectBytes),
                                    TileBuffer<int8_t>(kObjectBytes)};
  size_t next_ = 0;
  bool held_ = false;
};

class VectorSink : public HostSink {
 public:
  int8_t* acquire() override {
    EXPECT_FALSE(held_);
    held_ = true;
    buffer_.forget();
    return buffer_.data();
  }
  void release() override {
    EXPECT_TRUE(held_);
    held_ = false;
    objects.push_back(buffer_.values());
  }
  std::vector<Bytes> objects;

 private:
  TileBuffer<int8_t> buffer_{kTileElements};
  bool held_ = false;
};

// Buffers of a core, with what another context may have left in them.
struct Core {
  explicit Core(unsigned row) {
    state = {row, reinterpret_cast<int8_t*>(scratch.data()), parameters.get(), table.data(), false};
    std::memset(static_cast<void*>(parameters.get()), 0xA5, sizeof(CoreParameters));
  }
  TileBuffer<int32_t> scratch{kTileElements};
  TileBuffer<int16_t> table{CoreMemory::kTable / sizeof(int16_t)};
  std::unique_ptr<CoreParameters> parameters = std::make_unique<CoreParameters>();
  CoreState state;
};

class CoreMain : public KernelTest {};

void expect_run(Program program, Core& core, const Streams& streams) {
  VectorSource a(streams.a), b(streams.b);
  VectorSink c;
  run_core(program, a, b, c, core.state);
  ASSERT_FALSE(core.state.stopped);
  ASSERT_EQ(a.taken(), streams.a.size()) << "A objects";
  ASSERT_EQ(b.taken(), streams.b.size()) << "B objects";
  ASSERT_EQ(c.objects.size(), streams.c.size()) << "C objects";
  for (size_t i = 0; i < streams.c.size(); ++i) {
    for (size_t at = 0; at < kTileElements; ++at) {
      if (streams.c[i][at] == kAny) continue;
      ASSERT_EQ(c.objects[i][at], streams.c[i][at]) << "C object " << i << " byte " << at;
    }
  }
}

TEST_F(CoreMain, EachEpilogueEqualsItsReferenceInEveryRowOfTheArray) {
  for (unsigned kind = 0; kind <= static_cast<unsigned>(Epilogue::kRows); ++kind) {
    if (static_cast<Epilogue>(kind) == Epilogue::kTopK) continue;
    for (unsigned row = 0; row < kCoreRows; ++row) {
      Writer writer(kind * 4 + row, row);
      Core core(row);
      for (int round = 0; round < 4; ++round) {
        Streams streams;
        writer.matmul(streams, static_cast<Epilogue>(kind), round % 2 == 1);
        ASSERT_NO_FATAL_FAILURE(expect_run(Program::kWhole, core, streams))
            << "epilogue " << kind << " row " << row;
      }
    }
  }
}

// One state for all: an operation must not depend on what the one before left.
TEST_F(CoreMain, SequencesOfOperationsEqualTheirReferences) {
  for (int round = 0; round < kRounds / 25; ++round) {
    const unsigned row = static_cast<unsigned>(round) % 8 % 5 % kCoreRows;  // row 0 most often
    Writer writer(1000 + static_cast<uint32_t>(round), row);
    Core core(row);
    Streams streams;
    for (int i = 0; i < 6; ++i) writer.any(streams);
    ASSERT_NO_FATAL_FAILURE(expect_run(Program::kWhole, core, streams)) << "round " << round;
  }
}

TEST_F(CoreMain, ARowWithoutValidRowsTakesAllOfBAndGivesAllOfC) {
  for (const unsigned row : {1u, 2u, 3u}) {
    Writer writer(77 + row, row);
    Core core(row);
    Streams streams;
    writer.topk(streams);
    writer.combine(streams);
    writer.alignment(streams);
    writer.attention(streams, kTransposeKeys | kCausal);
    writer.matmul(streams, Epilogue::kRows, true);
    EXPECT_TRUE(streams.a.empty());
    ASSERT_NO_FATAL_FAILURE(expect_run(Program::kWhole, core, streams)) << "row " << row;
  }
}

TEST_F(CoreMain, NarrowResultsShareObjects) {
  for (int round = 0; round < kRounds / 25; ++round) {
    const unsigned row = round % 4 == 0 ? 1 + static_cast<unsigned>(round) % 3 : 0;
    Writer writer(20000 + static_cast<uint32_t>(round), row);
    Core core(row);
    Streams streams;
    writer.narrow(streams);
    writer.any(streams);
    ASSERT_NO_FATAL_FAILURE(expect_run(Program::kWhole, core, streams)) << "round " << round;
  }
}

TEST_F(CoreMain, StopsAtWholeObjectsWhilePiecesWait) {
  Writer writer(7, 0);
  Streams streams;
  writer.matmul(streams, Epilogue::kI8, false);
  Descriptor narrow;
  std::memcpy(static_cast<void*>(&narrow), streams.b[0].data(), sizeof(narrow));
  narrow.head.flags = kNarrow;
  narrow.head.rows = 16;
  narrow.head.m_tiles = 1;
  std::memcpy(streams.b[0].data(), &narrow, sizeof(narrow));
  streams.b.resize(1u + narrow.head.count);
  streams.a.resize(narrow.head.count);
  writer.matmul(streams, Epilogue::kI8, false);
  Core core(0);
  VectorSource a(streams.a), b(streams.b);
  VectorSink c;
  run_core(Program::kWhole, a, b, c, core.state);
  EXPECT_TRUE(core.state.stopped);
  EXPECT_TRUE(c.objects.empty());
  EXPECT_EQ(b.taken(), 2u + narrow.head.count);
}

// What the two programs hold, and what neither may be sent.
TEST_F(CoreMain, AProgramStopsAtWhatItHasNot) {
  struct Case {
    void (*write)(Writer&, Streams&);
    bool encoder, decoder, whisper = true;
  };
  const Case cases[] = {
      {[](Writer& w, Streams& s) { w.matmul(s, Epilogue::kI8, false); }, true, true},
      {[](Writer& w, Streams& s) { w.matmul(s, Epilogue::kI16, false); }, true, true},
      {[](Writer& w, Streams& s) { w.matmul(s, Epilogue::kGeluFine, true); }, true, true},
      {[](Writer& w, Streams& s) { w.matmul(s, Epilogue::kGeluAdd, false); }, true, true},
      {[](Writer& w, Streams& s) { w.matmul(s, Epilogue::kResidual, true); }, true, true},
      {[](Writer& w, Streams& s) { w.layer_norm(s, true); }, true, true},
      {[](Writer& w, Streams& s) { w.attention(s, kFineOutput); }, true, true},
      {[](Writer& w, Streams& s) { w.add(s); }, true, true},
      {[](Writer& w, Streams& s) { w.matmul(s, Epilogue::kV, false); }, true, false},
      {[](Writer& w, Streams& s) { w.matmul(s, Epilogue::kKt, false); }, true, false},
      {[](Writer& w, Streams& s) { w.matmul(s, Epilogue::kRows, false); }, false, true},
      {[](Writer& w, Streams& s) { w.topk(s); }, false, true, false},
      {[](Writer& w, Streams& s) { w.logits(s); }, false, true},
      {[](Writer& w, Streams& s) { w.combine(s); }, false, true},
      {[](Writer& w, Streams& s) { w.alignment(s); }, false, true},
      {[](Writer& w, Streams& s) { w.attention(s, kTransposeKeys); }, false, true},
      {[](Writer& w, Streams& s) { w.attention(s, kPart); }, false, true},
  };
  for (const Case& of : cases) {
    Writer writer(5, 0);
    Streams streams;
    of.write(writer, streams);
    const std::pair<Program, bool> programs[] = {{Program::kEncoder, of.encoder},
                                                 {Program::kDecoder, of.decoder},
                                                 {Program::kWhisper, of.whisper}};
    for (const auto& [program, has_it] : programs) {
      Core core(0);
      if (has_it) {
        ASSERT_NO_FATAL_FAILURE(expect_run(program, core, streams)) << &of - cases;
        continue;
      }
      VectorSource a(streams.a), b(streams.b);
      VectorSink c;
      run_core(program, a, b, c, core.state);
      EXPECT_TRUE(core.state.stopped) << &of - cases;
      EXPECT_TRUE(c.objects.empty()) << &of - cases;
    }
  }
}

TEST_F(CoreMain, StopsAtAnObjectThatIsNoDescriptorOfItsVersion) {
  for (const size_t byte : {size_t{0}, offsetof(DescriptorHead, version)}) {
    Writer writer(6, 0);
    Streams streams;
    writer.matmul(streams, Epilogue::kI8, false);
    streams.b[0][byte] = static_cast<int8_t>(streams.b[0][byte] + 1);
    Core core(0);
    VectorSource a(streams.a), b(streams.b);
    VectorSink c;
    run_core(Program::kWhole, a, b, c, core.state);
    EXPECT_TRUE(core.state.stopped);
    EXPECT_EQ(b.taken(), 1u);
    EXPECT_FALSE(b.held());
    EXPECT_EQ(a.taken(), 0u);
    EXPECT_TRUE(c.objects.empty());
  }
}

TEST_F(CoreMain, TheDescriptorsOfTheseTestsKeepTheirContract) {
  for (int round = 0; round < 500; ++round) {
    Writer writer(9000 + static_cast<uint32_t>(round), 0);
    Streams streams;
    writer.any(streams);
    Descriptor first;
    std::memcpy(static_cast<void*>(&first), streams.b[0].data(), sizeof(first));
    ASSERT_EQ(descriptor_fault(first), "") << "round " << round;
  }
}

}  // namespace
