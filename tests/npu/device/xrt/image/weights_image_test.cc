// SPDX-License-Identifier: LGPL-2.1-or-later
// The weights image: what lies where, for every size of Whisper; and that it is the network's.
#include <gtest/gtest.h>

#include <set>

#include "array_memory.h"
#include "device/xrt/image/lowering.h"
#include "layout/descriptor_check.h"
#include "model/model_file.h"
#include "random_network.h"
#include "shape_network.h"

namespace npu::testing {
namespace {

using array::ImageEntry;
using kernels::Descriptor;
using kernels::kObjectBytes;
using kernels::kTile;

uint64_t up(uint64_t value, uint64_t step) {
  return (value + step - 1) / step;
}

// Bytes of a product with its descriptors, and with a pass if a round leaves columns idle.
uint64_t product_bytes(uint64_t tiles, uint64_t objects) {
  return (tiles * (1 + objects) + (tiles % 4 == 0 ? 0 : 1)) * kObjectBytes;
}

// Encoder, cross keys and values, decode step, all on 1,500 positions.
uint64_t expected_bytes(const ModelDims& dims) {
  const auto d = static_cast<uint64_t>(dims.width),
             inner = static_cast<uint64_t>(dims.feed_forward);
  const uint64_t tiles = d / 64, objects = d / 128;
  const uint64_t norm = (std::min<uint64_t>(tiles, 4) + (tiles < 4 ? 1 : 0)) * kObjectBytes;
  const uint64_t feed_forward =
      product_bytes(inner / 64, objects) + product_bytes(tiles, inner / 128) + norm;
  const uint64_t attention =
      norm + product_bytes(3 * tiles, objects) + product_bytes(tiles, objects);
  const uint64_t heads = product_bytes(tiles, 0);  // descriptors alone
  const uint64_t mel = up(3 * static_cast<uint64_t>(dims.mel_bands), 128);
  const uint64_t ends = product_bytes(tiles, mel) + product_bytes(tiles, 3 * objects) +
                        product_bytes(tiles, objects) + 1536 * d * 2 + norm;
  const uint64_t encoder =
      ends + static_cast<uint64_t>(dims.encoder_layers) * (attention + heads + feed_forward);
  const uint64_t cross = norm + product_bytes(tiles, objects) + product_bytes(tiles, objects) +
                         product_bytes(2 * tiles, objects);
  const uint64_t vocabulary = up(static_cast<uint64_t>(dims.vocabulary), 64);
  const uint64_t decoder =
      static_cast<uint64_t>(dims.decoder_layers) * (attention + cross + feed_forward) + norm +
      product_bytes(vocabulary, objects) + 2 * product_bytes(vocabulary, 0);
  return encoder + decoder;
}

class ImageOfSize : public ::testing::TestWithParam<SizeOfWhisper> {};

TEST_P(ImageOfSize, HasTheBytesOfItsProducts) {
  const ModelDims& dims = GetParam().dims;
  const auto lists = whisper_lists(dims, default_alignment_heads(dims));
  std::vector<OpList> whole;
  for (const OpList* list : whole_network(lists)) whole.push_back(*list);
  const quantised::Network network = shape_network(whole_network(lists));
  const auto steps = steps_of(network, whole);
  const auto image = array::WeightsImage::plan(steps);
  EXPECT_EQ(image.bytes(), expected_bytes(dims));
  // Fewer positions add descriptors alone.
  const auto all_steps = steps_of(network, lists);
  const auto all = array::WeightsImage::plan(all_steps);
  EXPECT_GT(all.bytes(), image.bytes());
  std::printf("%.1f MB; %.1f MB with lists on fewer positions\n",
              static_cast<double>(image.bytes()) / 1e6, static_cast<double>(all.bytes()) / 1e6);
}

INSTANTIATE_TEST_SUITE_P(All, ImageOfSize, ::testing::ValuesIn(kSizesOfWhisper),
                         [](const auto& of) { return of.param.name; });

// A small network, whose width of 192 leaves columns idle and half an object unused.
class SmallImage : public ::testing::Test {
 protected:
  void SetUp() override {
    auto network = random_network(1);
    ASSERT_TRUE(network) << network.error().message;
    network_ = *std::move(network);
    lists_ = steps_of(network_, small_lists());
    image_ = array::WeightsImage::plan(lists_);
    memory_.make(array::Buffer::kWeights, image_->bytes());
    const auto written = image_->write(bytes());
    ASSERT_TRUE(written) << written.error().message;
  }
  std::span<std::byte> bytes() { return memory_.all(array::Buffer::kWeights); }
  const Descriptor& descriptor(uint64_t offset) {
    return *reinterpret_cast<const Descriptor*>(bytes().data() + offset);
  }

  quantised::Network network_;
  std::vector<array::ArrayList> lists_;
  std::optional<array::WeightsImage> image_;
  ArrayMemory memory_;
};

TEST_F(SmallImage, HoldsEveryWeightOfTheNetworkOnce) {
  int64_t in_network = 0, in_image = 0;
  size_t matrices = 0;
  for (const auto& [name, matrix] : network_.matrices) {
    for (const int8_t weight : matrix.weights) in_network += std::abs(int{weight});
    ++matrices;
  }
  std::set<uint64_t> objects;  // some entries share them
  for (const auto& [name, entry] : image_->directory()) {
    if (entry.count == 0 || !objects.insert(entry.objects).second) continue;
    for (uint32_t tile = 0; tile < entry.tiles; ++tile) {
      const std::byte* from = bytes().data() + entry.objects + tile * entry.object_step;
      for (size_t i = 0; i < entry.count * kObjectBytes; ++i)
        in_image += std::abs(int{static_cast<int8_t>(from[i])});
    }
  }
  EXPECT_EQ(in_image, in_network);
  EXPECT_LT(objects.size(), matrices) << "nothing was put together";
}

TEST_F(SmallImage, PutsTapsAndNeighboursInTheirPlaces) {
  // conv2: output 70, tap 2, channel 150 of 192, which has 256 in the image.
  const auto at = [&](const std::string& name, size_t n, size_t k) {
    const ImageEntry& entry = image_->directory().at(name);
    return static_cast<int8_t>(
        bytes()[entry.objects + n / kTile * entry.object_step + k / 128 * kObjectBytes +
                kernels::b_object_index(static_cast<unsigned>(k % 128),
                                        static_cast<unsigned>(n % kTile))]);
  };
  const quantised::Matrix& conv2 = network_.matrices.at("encoder.conv2");
  EXPECT_EQ(at("encoder.conv2, 512 rows", 70, 2 * 256 + 150),
            conv2.weights[70 * conv2.cols + 2 * 192 + 150]);
  EXPECT_EQ(at("encoder.conv2, 512 rows", 70, 2 * 256 + 200), 0);
  const std::string block = "decoder.blocks.1.attn.";
  const quantised::Matrix& value = network_.matrices.at(block + "value");
  EXPECT_EQ(at(block + "query+" + block + "key+" + block + "value, 16 rows", 2 * 192 + 100, 33),
            value.weights[100 * value.cols + 33]);
}

TEST_F(SmallImage, HasDescriptorsThatKeepTheirContractAndNothingBetween) {
  std::map<uint64_t, std::string> begins;
  uint64_t used = 0;
  for (const auto& [name, entry] : image_->directory()) {
    EXPECT_TRUE(
        begins.try_emplace(entry.descriptor_step == 0 ? entry.objects : entry.descriptors, name)
            .second)
        << name;
    if (entry.descriptor_step == 0) {
      used += entry.tiles * entry.object_step;  // positions
      continue;
    }
    used += entry.tiles * entry.descriptor_step + (entry.pass == 0 ? 0 : kObjectBytes);
    for (uint32_t tile = 0; tile < entry.tiles; ++tile)
      EXPECT_EQ(
          kernels::descriptor_fault(descriptor(entry.descriptors + tile * entry.descriptor_step)),
          "")
          << name;
    if (entry.pass != 0) {
      EXPECT_EQ(descriptor(entry.pass).head.op, kernels::Op::kPass) << name;
    }
  }
  EXPECT_EQ(used, image_->bytes());
}

TEST_F(SmallImage, HasTheVocabularyForFewRowsAndForMany) {
  const ImageEntry& few = image_->directory().at("decoder.token_embedding, 4 rows");
  ASSERT_EQ(few.tiles, 79u);  // 5,000 tokens
  for (const unsigned rows : {4u, 8u, 16u}) {
    const ImageEntry& entry =
        image_->directory().at(text("decoder.token_embedding, ", rows, " rows"));
    EXPECT_EQ(descriptor(entry.descriptors).head.rows, rows);
    EXPECT_EQ(descriptor(entry.descriptors).head.epilogue, kernels::Epilogue::kLogits);
    EXPECT_EQ(entry.objects, few.objects);
  }
}

TEST_F(SmallImage, RefusesParametersThatNoKernelTakes) {
  network_.norms.at("encoder.ln_post").epsilon = 0;
  const auto written = image_->write(bytes());
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, ErrorCode::kUnsupported);
  EXPECT_NE(written.error().message.find("encoder.ln_post"), std::string::npos);
  EXPECT_NE(written.error().message.find("epsilon"), std::string::npos);
}

TEST_F(SmallImage, NamesWhatTheNetworkLacks) {
  network_.matrices.erase("encoder.blocks.0.mlp.0");
  const auto steps = array::array_steps(network_, small_lists().front());
  ASSERT_FALSE(steps);
  EXPECT_EQ(steps.error().code, ErrorCode::kUnsupported);
  EXPECT_NE(steps.error().message.find("encoder.blocks.0.mlp.0"), std::string::npos);
}

TEST_F(SmallImage, RefusesAProductThatWasMadeForAnotherInput) {
  network_.norms.at("encoder.blocks.0.attn_ln").output = quantised::Input::kFine;
  const auto steps = array::array_steps(network_, small_lists().front());
  ASSERT_FALSE(steps);
  EXPECT_EQ(steps.error().code, ErrorCode::kUnsupported);
  EXPECT_NE(steps.error().message.find("encoder.blocks.0.attn.query"), std::string::npos);
}

TEST_F(SmallImage, RefusesListsThatHaveABufferInTwoForms) {
  network_.norms.at("encoder.ln_post").output = quantised::Input::kFine;
  lists_ = steps_of(network_, small_lists());
  image_ = array::WeightsImage::plan(lists_);
  const array::Lowering lowering(lists_, *image_);
  EXPECT_FALSE(lowering.lower(0, {}) && lowering.lower(1, {}));
}

}  // namespace
}  // namespace npu::testing
