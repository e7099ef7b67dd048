// SPDX-License-Identifier: LGPL-2.1-or-later
#include "quantised/network_file.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "model_writer.h"

namespace npu::quantised {
namespace {

Network small_network() {
  Network network;
  Matrix& matrix = network.matrices["a"];
  matrix.rows = 2;
  matrix.cols = 3;
  matrix.input = Input::kFine;
  matrix.gelu = true;
  matrix.residual_shift = 4;
  matrix.weights = {1, -2, 3, -4, 5, -6};
  matrix.bias = {1000000, -7};
  matrix.out = {{30000, 20000}, {12}};
  matrix.gelu_out = {{1, 2}, {3}};
  network.norms["n"] = {Input::kFine, int64_t{1} << 40, {7, 8}, {9, 10}, 6};
  network.attentions["q"] = {Input::kInt8, 3, {5}, {6}};
  network.positions["p"] = {1, 2};
  network.embedding = {{1, 2, 3, 4}, {5, 6}, {7, 8}};
  network.steps["e"] = {0.5F, 0.25F};
  network.encoded = "e";
  network.encoded_matrix = {1, 2, 3, 4};
  network.encoded_offset = {5, 6};
  return network;
}

class NetworkFiles : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto written = write_network(path_, identity_, small_network());
    ASSERT_TRUE(written) << written.error().message;
  }
  std::string error(const WeightIdentity& identity) const {
    const auto read = read_network(path_, identity);
    return read ? "" : read.error().message;
  }

  testing::TemporaryFolder folder_;
  std::filesystem::path path_ = folder_.path() / "some.packed";
  WeightIdentity identity_{"/models/base", "as it was"};
};

TEST_F(NetworkFiles, AreReadAsTheyWereWritten) {
  const auto read = read_network(path_, identity_);
  ASSERT_TRUE(read) << read.error().message;
  const Network wanted = small_network();
  const Matrix &matrix = read->matrices.at("a"), &of = wanted.matrices.at("a");
  EXPECT_EQ(matrix.rows, of.rows);
  EXPECT_EQ(matrix.cols, of.cols);
  EXPECT_EQ(matrix.input, Input::kFine);
  EXPECT_TRUE(matrix.gelu);
  EXPECT_EQ(matrix.residual_shift, 4);
  EXPECT_EQ(matrix.weights, of.weights);
  EXPECT_EQ(matrix.bias, of.bias);
  EXPECT_EQ(matrix.out.mult, of.out.mult);
  EXPECT_EQ(matrix.gelu_out.shift, of.gelu_out.shift);
  EXPECT_EQ(read->norms.at("n").epsilon, int64_t{1} << 40);
  EXPECT_EQ(read->norms.at("n").beta, wanted.norms.at("n").beta);
  EXPECT_EQ(read->norms.at("n").out_shift, 6);
  EXPECT_EQ(read->attentions.at("q").gain, 3);
  EXPECT_EQ(read->positions.at("p"), wanted.positions.at("p"));
  EXPECT_EQ(read->embedding.weights, wanted.embedding.weights);
  EXPECT_EQ(read->encoded, "e");
  EXPECT_EQ(read->steps.at("e"), wanted.steps.at("e"));
  EXPECT_EQ(read->encoded_matrix, wanted.encoded_matrix);
}

TEST_F(NetworkFiles, ThatAreNotThereSayWhichCommandMakesThem) {
  const auto read = read_network(folder_.path() / "none", identity_);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, ErrorCode::kNotFound);
  EXPECT_NE(read.error().message.find("npuwhisper-models prepare /models/base"), std::string::npos)
      << read.error().message;
}

TEST_F(NetworkFiles, OfAModelThatHasChangedAreRefused) {
  EXPECT_NE(error({"/models/base", "as it is"}).find("before"), std::string::npos);
  EXPECT_NE(error({"/models/other", "as it was"}), "");
}

TEST_F(NetworkFiles, OfArraysThatDoNotFitAreRefused) {
  Network network = small_network();
  network.matrices.at("a").bias.pop_back();
  ASSERT_TRUE(write_network(path_, identity_, network));
  EXPECT_NE(error(identity_).find("fit each other"), std::string::npos);
}

TEST_F(NetworkFiles, DamagedAnywhereAreRefused) {
  std::ifstream in(path_, std::ios::binary);
  const std::string whole{std::istreambuf_iterator<char>(in), {}};
  // Padding between the arrays holds nothing.
  size_t refused = 0, tried = 0;
  for (size_t at = 0; at < whole.size(); at += 7) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x20);
    std::ofstream(path_, std::ios::binary) << damaged;
    ++tried;
    if (!read_network(path_, identity_)) ++refused;
  }
  EXPECT_GT(refused, tried / 2);
  for (const size_t length : {whole.size() / 2, size_t{20}, size_t{0}}) {
    std::ofstream(path_, std::ios::binary) << whole.substr(0, length);
    EXPECT_FALSE(read_network(path_, identity_)) << length << " bytes";
  }
}

}  // namespace
}  // namespace npu::quantised
