package api

import _ "embed"

//go:embed openapi.yaml
var openapi string

// OpenAPI is the contract for other languages: openapi.yaml, an OpenAPI 3.1
// document.
func OpenAPI() []byte { return []byte(openapi) }
