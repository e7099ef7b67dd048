// SPDX-License-Identifier: LGPL-2.1-or-later
// Places of every size of Whisper: inside of their buffers, whole lines, and no result over
// another.
#include "device/xrt/image/lowering.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <tuple>

#include "device/xrt/image/objects.h"
#include "model/model_file.h"
#include "shape_network.h"

namespace npu::testing {
namespace {

using array::Buffer;
using array::LoweredList;
using array::Operation;
using array::Piece;

class PlacesOfSize : public ::testing::TestWithParam<SizeOfWhisper> {
 protected:
  void make(ModelDims dims) {
    recorded_ = whisper_lists(dims, {{0, 0}, {1, 5}});
    network_ = shape_network(whole_network(recorded_));
    lists_ = steps_of(network_, recorded_);
    ASSERT_EQ(lists_.size(), recorded_.size());
    image_ = array::WeightsImage::plan(lists_);
    lowering_.emplace(lists_, *image_);
  }

  uint64_t bytes_of(const LoweredList& list, Buffer buffer) const {
    switch (buffer) {
      case Buffer::kWeights:
        return image_->bytes();
      case Buffer::kActivations:
        return list.activation_bytes;
      case Buffer::kHost:
        return list.host_bytes;
      case Buffer::kCross:
        return list.cross_bytes;
      case Buffer::kSelf:
        return list.self_bytes;
    }
    return 0;
  }
  // Whole objects and pieces begin at lines of 64 bytes, rows of caches at words.
  void expect_inside(const LoweredList& list, const Piece& piece) {
    ASSERT_TRUE(piece.place);
    const uint64_t line = piece.bytes < 64 ? 4 : 64;
    ASSERT_EQ(piece.place->offset % line, 0u);
    ASSERT_LE(piece.place->offset + piece.bytes, bytes_of(list, piece.place->buffer))
        << "buffer " << static_cast<int>(piece.place->buffer);
    ++pieces_;
  }
  void expect_places(const LoweredList& list, const Operation& operation) {
    SCOPED_TRACE(operation.name);
    const auto inside = [&](std::span<const Piece> pieces) {
      for (const Piece& piece : pieces) expect_inside(list, piece);
    };
    // Buffer, slot, offset.
    std::vector<std::tuple<int, uint8_t, uint64_t, uint32_t>> written;
    for (unsigned column = 0; column < array::kArrayColumns; ++column) {
      for_each_b(operation, column, inside);
      for (unsigned row = 0; row < kernels::kCoreRows; ++row) {
        if (column == 0) for_each_a(operation, row, inside);
        for_each_c(operation, column, row, kRows, [&](std::span<const Piece> pieces) {
          for (const Piece& piece : pieces)
            if (piece.place) {
              expect_inside(list, piece);
              written.emplace_back(static_cast<int>(piece.place->buffer), piece.place->slot,
                                   piece.place->offset, piece.bytes);
            }
        });
      }
    }
    std::sort(written.begin(), written.end());
    for (size_t i = 1; i < written.size(); ++i) {
      const auto& [buffer, slot, offset, bytes] = written[i - 1];
      ASSERT_TRUE(std::tie(buffer, slot) !=
                      std::tie(std::get<0>(written[i]), std::get<1>(written[i])) ||
                  offset + bytes <= std::get<2>(written[i]));
    }
  }

  static constexpr array::AppendedRow kRows[] = {{0, 63}, {0, 64}, {1, 447}, {2, 0}};
  std::vector<OpList> recorded_;
  quantised::Network network_;
  std::vector<array::ArrayList> lists_;
  std::optional<array::WeightsImage> image_;
  std::optional<array::Lowering> lowering_;
  size_t pieces_ = 0;
};

TEST_P(PlacesOfSize, LieInTheirBuffersAndApart) {
  ModelDims dims = GetParam().dims;
  // All layers are alike.
  dims.encoder_layers = std::min(dims.encoder_layers, 2);
  dims.decoder_layers = std::min(dims.decoder_layers, 2);
  make(dims);
  array::RunShape shape;
  shape.stored = {1500, 384};
  shape.self_slots = 3;
  for (size_t list = 0; list < lists_.size(); ++list) {
    const auto lowered = lowering_->lower(list, shape);
    ASSERT_TRUE(lowered) << lowered.error().message;
    for (const Operation& operation : lowered->operations) expect_places(*lowered, operation);
  }
  std::printf("%zu pieces\n", pieces_);
}

TEST_P(PlacesOfSize, StayWhereListsMeet) {
  make(GetParam().dims);
  const auto encoder = lowering_->lower(kEncoder, {}), cross = lowering_->lower(kCrossKv, {});
  const auto step = lowering_->lower(kDecodeStep, {}), align = lowering_->lower(kAlign, {});
  ASSERT_TRUE(encoder && cross && step && align);
  EXPECT_EQ(encoder->host.at(kEncodedBuffer), cross->host.at(kEncodedBuffer));
  EXPECT_EQ(step->host.at(array::kTokenRows), align->host.at(array::kTokenRows));
  EXPECT_EQ(step->logits, align->logits);
  EXPECT_EQ(cross->cross_bytes, step->cross_bytes);
  std::printf("activations %.1f and %.1f MB, host %.1f, a cross cache %.1f, a self cache %.1f\n",
              static_cast<double>(encoder->activation_bytes) / 1e6,
              static_cast<double>(step->activation_bytes) / 1e6,
              static_cast<double>(align->host_bytes) / 1e6,
              static_cast<double>(cross->cross_bytes) / 1e6,
              static_cast<double>(step->self_bytes) / 1e6);
}

TEST_P(PlacesOfSize, RefuseCachesThatHaveNoRoom) {
  make(GetParam().dims);
  array::RunShape shape;
  shape.cross_positions = 512;
  shape.stored = {512};
  const auto lowered = lowering_->lower(kCrossKv, shape);
  ASSERT_FALSE(lowered);
  EXPECT_EQ(lowered.error().code, ErrorCode::kInvalidArgument);
  EXPECT_NE(lowered.error().message.find("1500"), std::string::npos) << lowered.error().message;
  shape.stored = {513};
  EXPECT_FALSE(lowering_->lower(kDecodeStep, shape));
  shape.stored = {512};
  EXPECT_TRUE(lowering_->lower(kDecodeStep, shape));
  shape.rows = 17;
  EXPECT_FALSE(lowering_->lower(kDecodeStep, shape));
  shape.rows = 16;
  shape.stored = {};
  EXPECT_FALSE(lowering_->lower(kDecodeStep, shape));
}

INSTANTIATE_TEST_SUITE_P(All, PlacesOfSize, ::testing::ValuesIn(kSizesOfWhisper),
                         [](const auto& of) { return of.param.name; });

}  // namespace
}  // namespace npu::testing
