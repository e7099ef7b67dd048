// SPDX-License-Identifier: LGPL-2.1-or-later
// A product through XRT's calls: buffers, syncs, a run; and what the twin finds wrong.
#include <cstring>

#include "session.h"
#include "test_product.h"

namespace xrt_double {
namespace {

namespace twin = npu::twin::testing;

// On the default executor of this library.
class OnTheTwin : public OnTheDouble {
 protected:
  void SetUp() override {
    Scene scene;
    scene.watchdog = std::chrono::milliseconds(1);
    set_up(scene);
  }
};

struct ProductSession {
  explicit ProductSession(const char* program = "encoder")
      : session{XclbinOnDisk(XclbinSpec{.program = program})} {}

  xrt::bo upload(const std::vector<int8_t>& contents) {
    xrt::bo made = session.data(contents.size());
    std::memcpy(made.map(), contents.data(), contents.size());
    made.sync(XCL_BO_SYNC_BO_TO_DEVICE);
    return made;
  }
  xrt::bo results(const twin::Product& product) { return session.data(256 * product.n); }
  // C = A x B; waits for all of its columns.
  ert_cmd_state run(const twin::Product& product, const xrt::bo& a, const xrt::bo& b,
                    const xrt::bo& c) {
    twin::TestMemory places;  // for the numbers of the arguments only
    twin::TestStream stream;
    write_tasks(product, place(product, &places), &stream);
    twin::write_waits(&stream, product.n / 64);
    auto made = session.run(stream.words());
    made.set_arg(3, a);
    made.set_arg(4, b);
    made.set_arg(5, c);
    made.start();
    return made.wait();
  }

  Session session;
};

TEST_F(OnTheTwin, AProductIsComputedInTheDevicesCopies) {
  ProductSession session;
  const twin::Product product(64, 384, 64, 1);
  xrt::bo c = session.results(product);
  ASSERT_EQ(session.run(product, session.upload(product.a), session.upload(product.b), c),
            ERT_CMD_STATE_COMPLETED);
  EXPECT_NE(difference(product, c.map<const int8_t*>()), "") << "before the sync";
  c.sync(XCL_BO_SYNC_BO_FROM_DEVICE);
  EXPECT_EQ(difference(product, c.map<const int8_t*>()), "");
}

TEST_F(OnTheTwin, WhatTheArrayWroteIsKnownToTheNextRun) {
  ProductSession session;
  const twin::Product first(64, 384, 128, 1), second(64, 128, 256, 2);
  xrt::bo between = session.results(first), c = session.results(second);
  ASSERT_EQ(session.run(first, session.upload(first.a), session.upload(first.b), between),
            ERT_CMD_STATE_COMPLETED);
  const xrt::bo b = session.upload(second.b);
  EXPECT_EQ(session.run(second, xrt::bo(between, 64 * 128, 0), b, c), ERT_CMD_STATE_COMPLETED);
  EXPECT_EQ(session.run(second, session.session.data(64 * 128), b, c), ERT_CMD_STATE_ERROR);
  EXPECT_CONTAINS(only_violation(), "neither synced nor written");
}

TEST_F(OnTheTwin, ADeadlockIsTheDriversTimeout) {
  ProductSession session;
  twin::Product product(64, 384, 64, 1);
  kernels::Descriptor descriptor;
  std::memcpy(&descriptor, product.b.data(), sizeof descriptor);
  ++descriptor.head.count;  // more objects than the stream moves
  std::memcpy(product.b.data(), &descriptor, sizeof descriptor);
  xrt::bo c = session.results(product);
  EXPECT_EQ(session.run(product, session.upload(product.a), session.upload(product.b), c),
            ERT_CMD_STATE_TIMEOUT);
  EXPECT_CONTAINS(only_violation(), "the array: operation ");
}

TEST_F(OnTheTwin, AnOverlayWithoutAProgramIsNamed) {
  ProductSession session("loopback");
  const twin::Product product(64, 384, 64, 1);
  xrt::bo c = session.results(product);
  EXPECT_EQ(session.run(product, session.upload(product.a), session.upload(product.b), c),
            ERT_CMD_STATE_ERROR);
  EXPECT_CONTAINS(only_violation(), "named whisper, encoder or decoder, found 'loopback'");
}

}  // namespace
}  // namespace xrt_double
