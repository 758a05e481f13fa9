//go:build !race

package catalog_test

// propertyChecks is how often a property is checked.
const propertyChecks = "12"
