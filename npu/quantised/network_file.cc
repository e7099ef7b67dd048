// SPDX-License-Identifier: LGPL-2.1-or-later
#include "quantised/network_file.h"

#include <nlohmann/json.hpp>
#include <span>
#include <utility>

#include "device/packed_cache.h"
#include "device/packed_file.h"
#include "layout/tile.h"
#include "user_folder.h"

namespace npu::quantised {
namespace {

using nlohmann::json;

constexpr const char* kKind = "npu-1";  // changes with the arithmetic and with what is below here
constexpr uint64_t kMostElements = uint64_t{1} << 28;  // of an array, before memory is asked for

// Visits every array and number of a network in the order of the file. `Archive` has
//   number(name, value)   integers and floating point numbers
//   array(name, vector)
//   map(name, map, visit) calls visit(value) for each entry
template <typename Archive, typename Factor>
void visit_factors(Archive& archive, const char* mult, const char* shift, Factor& factors) {
  archive.array(mult, factors.mult);
  archive.array(shift, factors.shift);
}

template <typename Archive, typename Any>
void visit_network(Archive& archive, Any& network) {
  archive.map("matrices", network.matrices, [&](auto& matrix) {
    archive.number("rows", matrix.rows);
    archive.number("cols", matrix.cols);
    archive.number("input", matrix.input);
    archive.number("gelu", matrix.gelu);
    archive.number("residual_shift", matrix.residual_shift);
    archive.array("weights", matrix.weights);
    archive.array("bias", matrix.bias);
    visit_factors(archive, "mult", "shift", matrix.out);
    visit_factors(archive, "gelu_mult", "gelu_shift", matrix.gelu_out);
  });
  archive.map("norms", network.norms, [&](auto& norm) {
    archive.number("output", norm.output);
    archive.number("epsilon", norm.epsilon);
    archive.array("gamma", norm.gamma);
    archive.array("beta", norm.beta);
    archive.number("out_shift", norm.out_shift);
  });
  archive.map("attentions", network.attentions, [&](auto& attention) {
    archive.number("output", attention.output);
    archive.number("gain", attention.gain);
    archive.array("mult", attention.mult);
    archive.array("shift", attention.shift);
  });
  archive.map("positions", network.positions, [&](auto& table) { archive.array("rows", table); });
  archive.array("tokens", network.embedding.weights);
  archive.array("token_mult", network.embedding.mult);
  archive.array("token_shift", network.embedding.shift);
  archive.array("encoded_matrix", network.encoded_matrix);
  archive.array("encoded_offset", network.encoded_offset);
  archive.map("steps", network.steps, [&](auto& steps) { archive.array("of", steps); });
  archive.name("encoded", network.encoded);
}

template <typename T>
struct Plain {
  using Type = T;
};
template <>
struct Plain<Input> {
  using Type = int;
};
template <>
struct Plain<bool> {
  using Type = int;
};

class Writer {
 public:
  template <typename T>
  void number(const char* name, const T& value) {
    (*at_)[name] = static_cast<typename Plain<T>::Type>(value);
  }
  void name(const char* name, const std::string& value) { (*at_)[name] = value; }
  template <typename T>
  void array(const char* name, const std::vector<T>& values) {
    (*at_)[name] = values.size();
    blobs_.push_back(std::as_bytes(std::span(values)));
  }
  template <typename Map, typename Visit>
  void map(const char* name, const Map& entries, const Visit& visit) {
    json* const outer = at_;
    json& list = (*outer)[name] = json::object();
    for (const auto& [key, value] : entries) {
      at_ = &list[key];
      *at_ = json::object();
      visit(value);
    }
    at_ = outer;
  }

  const json& document() const { return document_; }
  std::span<const std::span<const std::byte>> blobs() const { return blobs_; }

 private:
  json document_ = json::object();
  json* at_ = &document_;
  std::vector<std::span<const std::byte>> blobs_;
};

// Stops at the first thing that is not as expected, which failed() then tells.
class Reader {
 public:
  Reader(PackedFile& file, const json& document) : file_(file), at_(&document) {}

  template <typename T>
  void number(const char* name, T& value) {
    if (const json* found = find(name); found && found->is_number())
      value = static_cast<T>(found->get<typename Plain<T>::Type>());
    else
      fail(name);
  }
  void name(const char* name, std::string& value) {
    if (const json* found = find(name); found && found->is_string())
      value = found->get<std::string>();
    else
      fail(name);
  }
  template <typename T>
  void array(const char* name, std::vector<T>& values) {
    const json* found = find(name);
    if (!found || !found->is_number_unsigned()) return fail(name);
    const auto count = found->get<uint64_t>();
    if (count > kMostElements || blob_ >= file_.blobs() ||
        file_.blob_bytes(blob_) != count * sizeof(T))
      return fail(name);
    values.resize(count);
    if (const auto read = file_.read(blob_++, std::as_writable_bytes(std::span(values))); !read)
      error_ = read.error();
  }
  template <typename Map, typename Visit>
  void map(const char* name, Map& entries, const Visit& visit) {
    const json* const outer = at_;
    const json* list = find(name);
    if (!list || !list->is_object()) return fail(name);
    for (const auto& [key, value] : list->items()) {
      at_ = &value;
      visit(entries[key]);
      if (error_) return;
    }
    at_ = outer;
  }

  const std::optional<Error>& error() const { return error_; }

 private:
  const json* find(const char* name) const {
    if (error_ || !at_->is_object()) return nullptr;
    const auto found = at_->find(name);
    return found == at_->end() ? nullptr : &*found;
  }
  void fail(const char* name) {
    if (!error_)
      error_ = Error{ErrorCode::kBadModel, text("expected ", name, " of other sizes or kinds")};
  }

  PackedFile& file_;
  const json* at_;
  size_t blob_ = 0;
  std::optional<Error> error_;
};

bool tiles(const Factors& factors, size_t columns) {
  return factors.mult.size() == columns &&
         factors.shift.size() == (columns + kernels::kTile - 1) / kernels::kTile;
}

// Sizes that belong together.
bool consistent(const Network& network) {
  for (const auto& [name, matrix] : network.matrices) {
    const uint64_t elements = uint64_t{matrix.rows} * matrix.cols;
    if (matrix.weights.size() != elements || matrix.bias.size() != matrix.rows ||
        !tiles(matrix.out, matrix.rows))
      return false;
    if (matrix.gelu && !tiles(matrix.gelu_out, matrix.rows)) return false;
  }
  for (const auto& [name, norm] : network.norms)
    if (norm.beta.size() != norm.gamma.size() || norm.epsilon < 1) return false;
  for (const auto& [name, attention] : network.attentions)
    if (attention.shift.size() != attention.mult.size()) return false;
  if (!network.steps.contains(network.encoded)) return false;
  const Embedding& embedding = network.embedding;
  const size_t width = network.encoded_offset.size();
  return network.steps.at(network.encoded).size() == width &&
         network.encoded_matrix.size() == width * width &&
         embedding.mult.size() == embedding.shift.size() &&
         embedding.weights.size() == embedding.mult.size() * width;
}

}  // namespace

std::filesystem::path prepared_folder() {
  if (const std::string folder = environment("NPUWHISPER_PREPARED"); !folder.empty()) return folder;
  const std::filesystem::path data = user_folder("XDG_DATA_HOME", ".local/share");
  return data.empty() ? data : data / "prepared";
}

std::filesystem::path prepared_file(const WeightIdentity& identity) {
  return packed_file_in(prepared_folder(), identity, kKind);
}

Result<void> write_network(const std::filesystem::path& path, const WeightIdentity& identity,
                           const Network& network) {
  Writer writer;
  visit_network(writer, network);
  return write_packed_file(path, write_packed_header({identity, kKind, writer.document().dump()}),
                           writer.blobs());
}

Result<Network> read_network(const std::filesystem::path& path, const WeightIdentity& identity) {
  const auto advice = [&] { return text("; run: npuwhisper-models prepare ", identity.path); };
  auto file = PackedFile::open(path);
  if (!file) {
    const bool absent = file.error().code == ErrorCode::kNotFound;
    return Error{file.error().code,
                 absent ? text(identity.path,
                               ": expected a model prepared for the NPU's arithmetic, "
                               "found none",
                               advice())
                        : text(file.error().message, advice())};
  }
  const PackedHeader header = read_packed_header(file->header());
  if (header.kind != kKind || header.identity.path != identity.path ||
      header.identity.state != identity.state)
    return Error{ErrorCode::kBadModel,
                 text(path.string(),
                      ": prepared from what the model was before, or by another "
                      "version",
                      advice())};
  const json document = json::parse(header.contents, nullptr, /*allow_exceptions=*/false);
  Network network;
  Reader reader(*file, document);
  visit_network(reader, network);
  if (reader.error())
    return Error{reader.error()->code,
                 text(path.string(), ": ", reader.error()->message, advice())};
  if (!consistent(network))
    return Error{ErrorCode::kBadModel,
                 text(path.string(), ": expected arrays that fit each other", advice())};
  return network;
}

}  // namespace npu::quantised
