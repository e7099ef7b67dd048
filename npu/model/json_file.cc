// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/json_file.h"

#include <exception>
#include <unordered_set>
#include <vector>

#include "model/byte_reader.h"
#include "model/mapped_file.h"

namespace npu {
namespace {

using nlohmann::json;

// Leaves the parser from inside its callback; caught in parse_json().
struct Refused : std::exception {
  explicit Refused(std::string what) : message(std::move(what)) {}
  const char* what() const noexcept override { return message.c_str(); }
  std::string message;
};

// The parser's callback: counts the depth and looks for repeated keys.
class Guard {
 public:
  bool operator()(int depth, json::parse_event_t event, json& parsed) {
    if (event == json::parse_event_t::object_start || event == json::parse_event_t::array_start) {
      if (depth >= kJsonLimitDepth)
        throw Refused(text("expected at most ", kJsonLimitDepth, " levels of nesting, found more"));
      if (event == json::parse_event_t::object_start) keys_.emplace_back();
    } else if (event == json::parse_event_t::object_end) {
      keys_.pop_back();
    } else if (event == json::parse_event_t::key) {
      const std::string& key = parsed.get_ref<const std::string&>();
      if (!keys_.back().insert(key).second)
        throw Refused(text("the key \"", printable(key), "\" occurs twice in one object"));
    }
    return true;
  }

 private:
  std::vector<std::unordered_set<std::string>> keys_;
};

}  // namespace

Result<json> parse_json(const std::string& file, std::string_view content, size_t limit_bytes) {
  if (content.size() > limit_bytes)
    return Error{ErrorCode::kBadModel, text(file, ": expected at most ", limit_bytes,
                                            " bytes of JSON, found ", content.size())};
  try {
    Guard guard;
    return json::parse(content, [&guard](int depth, json::parse_event_t event, json& parsed) {
      return guard(depth, event, parsed);
    });
  } catch (const std::exception& error) {
    return Error{ErrorCode::kBadModel, text(file, ": not valid JSON: ", printable(error.what()))};
  }
}

Result<json> read_json_file(const std::string& path) {
  NPU_TRY_ASSIGN(const std::string content, read_small_file(path, kJsonLimitBytes));
  return parse_json(path, content);
}

Result<int64_t> json_integer(const std::string& file, const json& object, const std::string& key,
                             int64_t low, int64_t high) {
  if (!object.is_object())
    return Error{ErrorCode::kBadModel,
                 text(file, ": expected a JSON object, found ", json_excerpt(object))};
  const auto found = object.find(key);
  if (found == object.end())
    return Error{ErrorCode::kBadModel, text(file, ": expected the key \"", key, "\", found none")};
  // Unsigned values beyond int64 would wrap in get<int64_t>().
  const bool fits = found->is_number_integer() &&
                    !(found->is_number_unsigned() && found->get<uint64_t>() > INT64_MAX);
  const int64_t value = fits ? found->get<int64_t>() : 0;
  if (!fits || value < low || value > high)
    return Error{ErrorCode::kBadModel, text(file, ": \"", key, "\": expected an integer in ", low,
                                            "..", high, ", found ", json_excerpt(*found))};
  return value;
}

std::string json_excerpt(const json& value) {
  if (value.is_object()) return text("an object of ", value.size(), " keys");
  if (value.is_array()) return text("a list of ", value.size(), " entries");
  try {
    return printable(value.dump(-1, ' ', true, json::error_handler_t::replace));
  } catch (const std::exception&) {
    return "a value that cannot be printed";
  }
}

}  // namespace npu
