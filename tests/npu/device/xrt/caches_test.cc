// SPDX-License-Identifier: LGPL-2.1-or-later
// What a small network leaves on the device, byte for byte.
#include "device_beside_model.h"
#include "kernel_test.h"
#include "random_network.h"

namespace npu::testing {
namespace {

class DeviceCaches : public KernelTest {};

TEST_F(DeviceCaches, HoldTheKeysAndValuesOfTheCpu) {
  auto network = random_network(1);
  ASSERT_TRUE(network) << network.error().message;
  DeviceBesideModel both(small_lists(), *std::move(network));
  ASSERT_TRUE(both.ready());
  Random random(7);
  std::vector<float> mel(size_t{2} * kFewerPositions[0] * 80);
  for (float& x : mel) x = random.next();
  both.encode(0, 1, mel);
  // A prompt, and single rows across the end of a block of keys.
  std::vector<Row> rows;
  for (int i = 0; i < 16; ++i) rows.push_back({i * 37 % 5000, i, 0, 0});
  for (int first = 0; first < 62; first += 16) {
    for (int i = 0; i < 16; ++i) rows[static_cast<size_t>(i)].position = first + i;
    rows.resize(first == 48 ? 14 : 16);
    both.step(2, rows);
  }
  for (int position = 62; position < 66; ++position) {
    const Row row{both.best_token(), position, 0, 0};
    both.step(position == 65 ? 3 : 2, {&row, 1});
  }
}

}  // namespace
}  // namespace npu::testing
