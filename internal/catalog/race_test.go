//go:build race

package catalog_test

// propertyChecks is how often a property is checked. One caller after the other
// has no races; a few checks show that there are none beside them either.
const propertyChecks = "2"
