// SPDX-License-Identifier: LGPL-2.1-or-later
#include "subtitle/language_name.h"

#include <algorithm>
#include <cmath>

#include "model/tokenizer.h"

namespace npu::subtitle {

std::string language_name(const std::string& code) {
  const auto codes = language_codes();
  const auto found = std::find(codes.begin(), codes.end(), find_language(code).value_or(code));
  if (found == codes.end()) return code;
  std::string name(language_names()[static_cast<size_t>(found - codes.begin())]);
  bool begins = true;
  for (char& letter : name) {
    if (begins && letter >= 'a' && letter <= 'z') letter = static_cast<char>(letter - 'a' + 'A');
    begins = letter == ' ';
  }
  return name;
}

std::string language_line(const std::string& code, double probability) {
  if (probability < 0) return language_name(code);
  return language_name(code) + " (detected, " + std::to_string(std::lround(probability * 100)) +
         " %)";
}

std::string track_title(const std::string& code) {
  return code.empty() ? "Auto-generated" : "Auto-generated (" + language_name(code) + ")";
}

}  // namespace npu::subtitle
