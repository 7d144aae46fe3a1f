// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <string>

class Particles {
 public:
  int system(const std::string& name);
  int load(const std::string& name) { return system(name + "x"); }
};
int Particles::system(const std::string& name) { return static_cast<int>(name.size()); }
int load(Particles& particles, Particles* pointer, const std::string& name) {
  return particles.system(name) + pointer->system(name);
}
