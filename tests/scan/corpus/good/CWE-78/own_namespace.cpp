// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <string>

namespace game {
int system(const std::string& name) { return static_cast<int>(name.size()); }
int load(const std::string& name) { return system(name); }
}
int other(const std::string& name) { return game::system(name); }
