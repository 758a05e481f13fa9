package api_test

import (
	"cmp"
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/bazar-store/bazar/pkg/api"
)

// contract reads openapi.yaml, with the line of everything in it.
func contract(t *testing.T) *openapi3.T {
	t.Helper()
	loader := openapi3.NewLoader()
	loader.IncludeOrigin = true
	doc, err := loader.LoadFromData(api.OpenAPI())
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func TestTheContractIsOpenAPI31WithExamplesThatHold(t *testing.T) {
	doc := contract(t)
	if !doc.IsOpenAPI31OrLater() {
		t.Errorf("openapi: %s", doc.OpenAPI)
	}
	if err := doc.Validate(t.Context(), openapi3.EnableExamplesValidation(), openapi3.EnableSchemaFormatValidation()); err != nil {
		t.Error(err)
	}
}

// operation is a route as openapi.yaml has it, and where.
type operation struct {
	api.Route

	line int
	*openapi3.Operation
}

// operations gives the contract's operations in the order of the document.
func operations(t *testing.T) (all []operation) {
	t.Helper()
	for path, item := range contract(t).Paths.Map() {
		for method, op := range item.Operations() {
			service, _ := op.Extensions["x-service"].(string)
			public, known := op.Extensions["x-public"].(bool)
			if !known {
				t.Errorf("%s %s does not say x-public", method, path)
			}
			access, _ := op.Extensions["x-access"].(string)
			route := api.Route{Service: api.Service(service), Method: method, Path: path, Public: public, Access: api.Access(access)}
			all = append(all, operation{route, op.Origin.Key.Line, op})
		}
	}
	slices.SortFunc(all, func(a, b operation) int { return cmp.Compare(a.line, b.line) })
	return all
}

func TestTheContractListsTheRoutes(t *testing.T) {
	var listed []api.Route
	for _, op := range operations(t) {
		listed = append(listed, op.Route)
	}
	if !slices.Equal(listed, api.Routes()) {
		t.Errorf("openapi.yaml has\n%v\napi.Routes has\n%v", listed, api.Routes())
	}
}

// What tools read (security) says the same as what the programs go by (x-access).
func TestTheContractsSecurityIsItsAccess(t *testing.T) {
	for _, op := range operations(t) {
		var want openapi3.SecurityRequirements
		scope := op.Access.Scope()
		if op.Access == api.Anyone {
			want = append(want, openapi3.SecurityRequirement{})
		}
		if op.Access.Admits(api.Orders) {
			want = append(want, openapi3.SecurityRequirement{"service": {}})
		}
		switch {
		case scope != "":
			want = append(want, openapi3.SecurityRequirement{"token": {string(scope)}})
		case !op.Access.ServicesOnly():
			want = append(want, openapi3.SecurityRequirement{"token": {}})
		}
		if op.Security == nil || !reflect.DeepEqual(*op.Security, want) {
			t.Errorf("%s %s is for %q: security is %v, want %v", op.Method, op.Path, op.Access, op.Security, want)
		}
	}
}

// codes gives the constants of type Code, from the source: Go cannot list them.
func codes(t *testing.T) (all []api.Code) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "errors.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if kind, ok := spec.Type.(*ast.Ident); ok && kind.Name == "Code" {
			value, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, api.Code(value))
		}
		return false
	})
	return all
}

func TestTheContractHasEveryCode(t *testing.T) {
	enum := contract(t).Components.Schemas["Code"].Value
	var listed, described []api.Code
	for _, value := range enum.Enum {
		listed = append(listed, api.Code(value.(string)))
	}
	if !sameSet(listed, codes(t)) {
		t.Errorf("openapi.yaml has %v, errors.go %v", listed, codes(t))
	}
	for _, code := range listed {
		if strings.Contains(enum.Description, "- `"+string(code)+"` ("+strconv.Itoa(code.Status())+"):") {
			described = append(described, code)
		}
	}
	if !slices.Equal(described, listed) {
		t.Errorf("described with their status are only %v", described)
	}
}

func sameSet[T cmp.Ordered](a, b []T) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}

func TestEveryCodeTravelsWithItsStatus(t *testing.T) {
	seen := map[api.Code]bool{}
	for name, response := range contract(t).Components.Responses {
		problem := response.Value.Content["application/problem+json"]
		if problem == nil {
			continue
		}
		narrowed := problem.Schema.Value.AllOf[1].Value.Properties
		status := int(narrowed["status"].Value.Const.(float64))
		retry := false
		for _, value := range narrowed["code"].Value.Enum {
			code := api.Code(value.(string))
			seen[code], retry = true, retry || code.Retryable()
			if code.Status() != status {
				t.Errorf("%s: %s is %d, not %d", name, code, code.Status(), status)
			}
		}
		if has := response.Value.Headers["Retry-After"] != nil; has != retry {
			t.Errorf("%s: Retry-After %v, retryable %v", name, has, retry)
		}
	}
	for _, code := range codes(t) {
		if !seen[code] {
			t.Errorf("no response carries %s", code)
		}
	}
}

// An operation's responses stand under the status that they have.
func TestProblemsStandUnderTheirStatus(t *testing.T) {
	for _, op := range operations(t) {
		for status, response := range op.Responses.Map() {
			problem := response.Value.Content["application/problem+json"]
			if problem == nil {
				if status >= "4" {
					t.Errorf("%s %s: %s is no problem document", op.Method, op.Path, status)
				}
				continue
			}
			said := problem.Schema.Value.AllOf[1].Value.Properties["status"].Value.Const
			if strconv.FormatFloat(said.(float64), 'f', -1, 64) != status {
				t.Errorf("%s %s: under %s stands a problem of status %v", op.Method, op.Path, status, said)
			}
		}
	}
}

func TestEveryOperationSaysWhatItMayAnswer(t *testing.T) {
	for _, op := range operations(t) {
		name := op.Method + " " + op.Path
		if op.OperationID == "" || op.Summary == "" || len(op.Tags) == 0 {
			t.Errorf("%s has no operationId, summary or tag", name)
		}
		always := []int{400, 401, 403, 500, 503, 507}
		if op.RequestBody != nil {
			always = append(always, 413)
		}
		for _, status := range always {
			if op.Responses.Status(status) == nil {
				t.Errorf("%s does not say %d", name, status)
			}
		}
		for status, response := range op.Responses.Map() {
			if response.Value.Headers["X-Request-Id"] == nil {
				t.Errorf("%s %s has no X-Request-Id", name, status)
			}
		}
		if limit := op.Extensions["x-max-body-bytes"]; (limit != nil) != (op.RequestBody != nil) {
			t.Errorf("%s: body %v, limit %v", name, op.RequestBody != nil, limit)
		}
		unknown := op.Responses.Status(503).Ref == "#/components/responses/UnavailableOrUnknown"
		if unknown != (op.Method != http.MethodGet) {
			t.Errorf("%s: outcome_unknown %v; only a write may have that", name, unknown)
		}
	}
}

// bound is a limit of the contract with the constant that it stands for.
type bound struct {
	schema, property string
	got              func(*openapi3.Schema) any
	want             int
}

func TestTheContractsLimitsAreTheConstants(t *testing.T) {
	doc := contract(t)
	length := func(s *openapi3.Schema) any { return deref(s.MaxLength) }
	least := func(s *openapi3.Schema) any { return float64(s.MinLength) }
	items := func(s *openapi3.Schema) any { return deref(s.MaxItems) }
	most := func(s *openapi3.Schema) any { return deref(s.Max) }
	for _, b := range []bound{
		{"ItemNumber", "", most, api.MaxBookID},
		{"Copies", "", most, api.MaxStock},
		{"Money", "amount", most, api.MaxAmount},
		{"Book", "title", length, api.MaxTitle},
		{"Book", "authors", items, api.MaxAuthors},
		{"Author", "", length, api.MaxAuthor},
		{"Book", "topics", items, api.MaxTopics},
		{"Slug", "", length, api.MaxSlug},
		{"Book", "publisher", length, api.MaxPublisher},
		{"Book", "language", length, api.MaxLanguage},
		{"Book", "description", length, api.MaxDescription},
		{"NewBook", "stock", most, api.MaxStock},
		{"MovementRequest", "delta", most, api.MaxStock},
		{"MovementRequest", "set", most, api.MaxStock},
		{"MovementRequest", "reason", length, api.MaxReason},
		{"ImportRequest", "rows", items, api.MaxImportRows},
		{"ImportRequest", "rejected", most, api.MaxImportRows},
		{"Lines", "", items, api.MaxOrderLines},
		{"LineRequest", "quantity", most, api.MaxQuantity},
		{"Purchase", "quantity", most, api.MaxQuantity},
		{"BookList", "books", items, api.MaxLimit},
		{"AccountName", "", length, api.MaxAccountName},
		{"AccountName", "", least, api.MinAccountName},
		{"Password", "", length, api.MaxPassword},
		{"Password", "", least, api.MinPassword},
		{"TokenName", "", length, api.MaxTokenName},
		{"TokenRequest", "expires_in", most, api.MaxTokenLife},
	} {
		s := doc.Components.Schemas[b.schema].Value
		if b.property != "" {
			s = s.Properties[b.property].Value
		}
		if got := b.got(s); got != float64(b.want) {
			t.Errorf("%s %s: %v, not %d", b.schema, b.property, got, b.want)
		}
	}
	if limit := doc.Paths.Find("/v1/imports").Post.Extensions["x-max-body-bytes"]; limit != float64(api.MaxImportBytes) {
		t.Errorf("an import has %v bytes", limit)
	}
	if limit := doc.Components.Parameters["Limit"].Value.Schema.Value; *limit.Max != api.MaxLimit || limit.Default != float64(api.DefaultLimit) {
		t.Errorf("limit: %v, at most %v", limit.Default, *limit.Max)
	}
}

// deref gives a limit as a float64, nil for none.
func deref[T uint64 | float64](p *T) any {
	if p == nil {
		return nil
	}
	return float64(*p)
}

// What Go writes on the wire is what the contract says, member by member.
func TestTheWireTypesHaveTheContractsMembers(t *testing.T) {
	doc := contract(t)
	for name, value := range map[string]any{
		"Money": api.Money{}, "Store": api.Store{}, "Book": api.Book{}, "BookList": api.BookList{}, "BookEdit": api.BookEdit{},
		"NewBook": api.BookEdit{}, "Topic": api.Topic{}, "TopicList": api.TopicList{}, "HistoryEntry": api.HistoryEntry{},
		"History": api.History{}, "MovementRequest": api.MovementRequest{}, "Movement": api.Movement{},
		"MovementList": api.MovementList{}, "ImportRow": api.ImportRow{}, "ImportRequest": api.ImportRequest{},
		"ImportResult": api.ImportResult{}, "ImportResults": api.ImportResults{}, "FieldChange": api.FieldChange{},
		"Import": api.Import{}, "ImportUndo": api.ImportUndo{}, "ImportList": api.ImportList{}, "ImportChange": api.ImportChange{},
		"ImportReport": api.ImportReport{}, "UndoProgress": api.UndoProgress{}, "LineRequest": api.LineRequest{},
		"OrderRequest": api.OrderRequest{}, "OrderLine": api.OrderLine{}, "Order": api.Order{}, "OrderList": api.OrderList{},
		"ReservationBatch": api.ReservationBatch{}, "ReservedLine": api.ReservedLine{}, "Reservation": api.Reservation{},
		"ReservationResults": api.ReservationResults{}, "ReservationList": api.ReservationList{},
		"Account": api.Account{}, "AccountList": api.AccountList{}, "NewAccount": api.NewAccount{}, "AccountEdit": api.AccountEdit{},
		"PasswordChange": api.PasswordChange{}, "Me": api.Me{}, "TokenRequest": api.TokenRequest{}, "Token": api.Token{},
		"IssuedToken": api.IssuedToken{}, "TokenList": api.TokenList{}, "IntrospectionRequest": api.IntrospectionRequest{},
		"Introspection": api.Introspection{},
		"Problem":       api.Error{}, "LineError": api.LineError{},
	} {
		var listed []string
		for member := range doc.Components.Schemas[name].Value.Properties {
			listed = append(listed, member)
		}
		got := members(reflect.TypeOf(value))
		if name == "BookEdit" {
			got = slices.DeleteFunc(got, func(member string) bool { return member == "stock" })
		}
		if !sameSet(listed, got) {
			t.Errorf("%s: the contract has %v, Go has %v", name, listed, got)
		}
	}
}

func members(kind reflect.Type) (names []string) {
	for field := range kind.Fields() {
		if name, _, _ := strings.Cut(field.Tag.Get("json"), ","); name != "" {
			names = append(names, name)
		}
	}
	return names
}
