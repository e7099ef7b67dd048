// SPDX-License-Identifier: LGPL-2.1-or-later
#include "fault_plan.h"

#include <algorithm>
#include <charconv>
#include <stdexcept>

namespace xrt_double {
namespace {

struct EffectName {
  std::string_view name;
  Effect effect;
};
constexpr EffectName kEffects[] = {
    {"fail", Effect::kFail},       {"vanish", Effect::kVanish},
    {"wedge", Effect::kWedge},     {"exhausted", Effect::kExhausted},
    {"error", Effect::kError},     {"abort", Effect::kAbort},
    {"timeout", Effect::kTimeout}, {"noresponse", Effect::kNoResponse},
    {"hang", Effect::kHang},       {"slow", Effect::kSlow},
    {"ignore", Effect::kIgnore},
};

std::string_view trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\n") - first + 1);
}

[[noreturn]] void refuse(std::string_view entry, const std::string& expected) {
  throw std::invalid_argument("fault plan: expected " + expected + ", found '" +
                              std::string(entry) + "'");
}

size_t number(std::string_view text, std::string_view entry) {
  size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size())
    refuse(entry, "a number in '" + std::string(text) + "'");
  return value;
}

// "3", "2-4" or "3+".
void read_range(std::string_view range, std::string_view entry, Fault& fault) {
  if (!range.empty() && range.back() == '+') {
    fault.first = number(range.substr(0, range.size() - 1), entry);
    fault.last = SIZE_MAX;
    return;
  }
  const size_t dash = range.find('-');
  fault.first = number(range.substr(0, dash), entry);
  fault.last = dash == std::string_view::npos ? fault.first : number(range.substr(dash + 1), entry);
}

Fault parse_fault(std::string_view entry) {
  const size_t at = entry.find('@'), equals = entry.find('=');
  if (at == std::string_view::npos || equals == std::string_view::npos || equals < at)
    refuse(entry, "CALL@N=EFFECT");
  Fault fault{call_of(trimmed(entry.substr(0, at))), 0, 0, Effect::kFail, {}, {}};
  read_range(trimmed(entry.substr(at + 1, equals - at - 1)), entry, fault);
  if (fault.first < 1 || fault.last < fault.first) refuse(entry, "a range that counts from 1");
  const std::string_view what = trimmed(entry.substr(equals + 1));
  const size_t colon = what.find(':');
  const std::string_view name = what.substr(0, colon);
  const std::string_view value =
      colon == std::string_view::npos ? std::string_view() : what.substr(colon + 1);
  const auto* known = std::ranges::find(kEffects, name, &EffectName::name);
  if (known == std::end(kEffects)) refuse(entry, "an effect");
  fault.effect = known->effect;
  if (fault.effect >= Effect::kError && fault.call != Call::kCommand)
    refuse(entry, "an effect that calls can have");
  if (fault.effect == Effect::kExhausted && fault.call != Call::kContext)
    refuse(entry, "'context' with 'exhausted'");
  if (fault.effect == Effect::kIgnore && fault.call != Call::kSync)
    refuse(entry, "'sync' with 'ignore'");
  if (fault.effect == Effect::kFail) {
    if (fault.call == Call::kCommand) refuse(entry, "an effect that commands can have");
    fault.text = value;
  } else if (fault.effect == Effect::kSlow) {
    fault.time = std::chrono::milliseconds(number(value, entry));
  } else if (!value.empty()) {
    refuse(entry, "no value behind this effect");
  }
  return fault;
}

}  // namespace

std::vector<Fault> parse_faults(std::string_view plan) {
  std::vector<Fault> faults;
  while (!plan.empty()) {
    const size_t end = plan.find(';');
    if (const auto entry = trimmed(plan.substr(0, end)); !entry.empty())
      faults.push_back(parse_fault(entry));
    plan = end == std::string_view::npos ? std::string_view() : plan.substr(end + 1);
  }
  return faults;
}

Call call_of(std::string_view name) {
  const auto known = std::ranges::find(kCallNames, name);
  if (known == kCallNames.end()) refuse(name, "the name of a call");
  return static_cast<Call>(known - kCallNames.begin());
}

}  // namespace xrt_double
