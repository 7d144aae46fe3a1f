// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// What each worker does before its first task: load what all its tasks will use.
//
// Output:
//
//   30
//   60
//   30
//   main has 0 prices
#include <cohort/pool.hpp>
#include <iostream>
#include <map>
#include <string>
#include <vector>

std::map<std::string, int> prices;  // each worker's own

void load_prices(int version) { prices = {{"apple", 10 * version}, {"pear", 20 * version}}; }

int price_of(std::string fruit) { return prices.at(fruit); }

int main() {
  cohort::Pool pool({.processes = 2, .initializer = cohort::partial(load_prices, 3)});
  std::vector<std::string> basket{"apple", "pear", "apple"};
  for (int price : pool.map<price_of>(basket)) std::cout << price << std::endl;
  std::cout << "main has " << prices.size() << " prices" << std::endl;
}
