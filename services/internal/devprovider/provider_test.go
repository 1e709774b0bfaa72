package devprovider_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/coreos/go-oidc/v3/oidc"

	"github.com/noticehub/noticehub/services/internal/devprovider"
)

// start serves a provider for a console elsewhere.
func start(t *testing.T, o devprovider.Options) (*devprovider.Provider, string) {
	t.Helper()
	var p *devprovider.Provider
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { p.ServeHTTP(w, r) }))
	t.Cleanup(server.Close)
	o.Development, o.Issuer = true, server.URL+devprovider.Path
	if o.Origins == nil {
		o.Origins = []string{"http://console.test"}
	}
	var err error
	if p, err = devprovider.New(o); err != nil {
		t.Fatal(err)
	}
	return p, o.Issuer
}

// send makes a request without following redirections.
func send(t *testing.T, method, to string, form url.Values, headers ...string) (status int, location, body string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, to, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	got, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close()
	data, _ := io.ReadAll(got.Body)
	if u, err := got.Location(); err == nil {
		location = u.String()
	}
	return got.StatusCode, location, string(data)
}

func TestOnlyInDevelopment(t *testing.T) {
	t.Parallel()
	for _, o := range []devprovider.Options{
		{Issuer: "http://127.0.0.1:1" + devprovider.Path}, {Development: true, Issuer: "http://127.0.0.1:1"}, {Development: true},
	} {
		if p, err := devprovider.New(o); err == nil || p != nil {
			t.Errorf("%+v was taken", o)
		}
	}
}

const callback = "http://console.test/signin/callback"

// ask is a request to sign in, changed by pairs.
func ask(issuer string, change ...string) string {
	q := url.Values{
		"client_id": {devprovider.ConsoleClient}, "redirect_uri": {callback}, "response_type": {"code"}, "scope": {"openid offline_access"}, "state": {"s"}, "nonce": {"n"},
		"code_challenge": {"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"}, "code_challenge_method": {"S256"}, // RFC 7636, appendix B
	}
	for i := 0; i+1 < len(change); i += 2 {
		q.Set(change[i], change[i+1])
	}
	return issuer + "/authorize?" + q.Encode()
}

const verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"

func TestRequestsThatAreRefused(t *testing.T) {
	t.Parallel()
	_, issuer := start(t, devprovider.Options{})
	for name, change := range map[string][]string{
		"no PKCE":             {"code_challenge", ""},
		"plain PKCE":          {"code_challenge_method", "plain"},
		"implicit":            {"response_type", "id_token"},
		"foreign redirection": {"redirect_uri", "https://evil.example/signin/callback"},
		"unknown client":      {"client_id", "x"},
		"silently":            {"prompt", "none"},
	} {
		_, to, body := send(t, "GET", ask(issuer, change...), nil)
		if strings.Contains(to, "/login") || strings.Contains(to, "code=") || strings.HasPrefix(to, "https://evil") {
			t.Errorf("%s: %s %s", name, to, body)
		}
		if strings.HasPrefix(to, callback) && !strings.Contains(to, "iss="+url.QueryEscape(issuer)) {
			t.Errorf("%s: the answer does not name the issuer: %s", name, to)
		}
	}
}

// code signs an account in and returns the code.
func code(t *testing.T, issuer, account string) string {
	t.Helper()
	_, page, _ := send(t, "GET", ask(issuer), nil)
	u, err := url.Parse(page)
	if err != nil {
		t.Fatal(err)
	}
	form := url.Values{"request": {u.Query().Get("request")}, "account": {account}}
	if status, _, _ := send(t, "POST", page, form, "Origin", "https://evil.example"); status != http.StatusForbidden {
		t.Errorf("a form of another site: %d", status)
	}
	_, to, body := send(t, "POST", page, form)
	if to == "" {
		t.Fatal(body)
	}
	_, to, _ = send(t, "GET", to, nil)
	if u, err = url.Parse(to); err != nil || u.Query().Get("iss") != issuer || u.Query().Get("state") != "s" {
		t.Fatalf("%s, %v", to, err)
	}
	return u.Query().Get("code")
}

func exchange(t *testing.T, issuer string, change ...string) (map[string]any, int) {
	t.Helper()
	form := url.Values{"grant_type": {"authorization_code"}, "client_id": {devprovider.ConsoleClient}, "redirect_uri": {callback}, "code_verifier": {verifier}}
	for i := 0; i+1 < len(change); i += 2 {
		form.Set(change[i], change[i+1])
	}
	status, _, body := send(t, "POST", issuer+"/oauth/token", form)
	var got map[string]any
	_ = json.Unmarshal([]byte(body), &got)
	return got, status
}

func TestACodeCountsOnceWithItsVerifier(t *testing.T) {
	t.Parallel()
	_, issuer := start(t, devprovider.Options{})
	for name, change := range map[string][]string{
		"no verifier": {"code_verifier", ""}, "wrong verifier": {"code_verifier", strings.Repeat("x", 43)}, "another redirection": {"redirect_uri", "http://console.test/x"},
	} {
		c := code(t, issuer, "officer.blake")
		if got, status := exchange(t, issuer, append(change, "code", c)...); status == http.StatusOK || got["access_token"] != nil {
			t.Errorf("%s: %v", name, got)
		}
		if _, status := exchange(t, issuer, "code", c); status == http.StatusOK {
			t.Errorf("%s: the code works afterwards", name)
		}
	}
	c := code(t, issuer, "officer.blake")
	got, status := exchange(t, issuer, "code", c)
	if status != http.StatusOK || got["refresh_token"] == nil {
		t.Fatalf("%d %v", status, got)
	}
	if _, status := exchange(t, issuer, "code", c); status == http.StatusOK {
		t.Error("the code works twice")
	}
	refresh := func(token any) int {
		_, status := exchange(t, issuer, "grant_type", "refresh_token", "refresh_token", token.(string))
		return status
	}
	if status := refresh(got["refresh_token"]); status != http.StatusOK {
		t.Errorf("refreshing: %d", status)
	}
	if status := refresh(got["refresh_token"]); status == http.StatusOK {
		t.Error("a refresh token works twice")
	}
}

func TestTokensOfPersonsAndAuthorities(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p, issuer := start(t, devprovider.Options{Dir: dir, Authorities: []string{"frc"}})
	provider, err := oidc.NewProvider(t.Context(), issuer)
	if err != nil {
		t.Fatal(err)
	}
	hub := provider.Verifier(&oidc.Config{ClientID: devprovider.Audience})
	got, _ := exchange(t, issuer, "code", code(t, issuer, "auditor.harper"))
	id, err := provider.Verifier(&oidc.Config{ClientID: devprovider.ConsoleClient}).Verify(t.Context(), got["id_token"].(string))
	if err != nil || id.Subject != "auditor.harper" || id.Nonce != "n" {
		t.Errorf("%+v, %v", id, err)
	}
	if _, err := hub.Verify(t.Context(), got["id_token"].(string)); err == nil {
		t.Error("an ID token passes for an access token")
	}
	var claims struct {
		Roles      []string `json:"roles"`
		Authority  string   `json:"noticehub_authority"`
		CaseWorker string   `json:"case_worker"`
	}
	access, err := hub.Verify(t.Context(), got["access_token"].(string))
	if err == nil {
		err = access.Claims(&claims)
	}
	if err != nil || access.Subject != "auditor.harper" || !slices.Equal(claims.Roles, []string{"auditor"}) || claims.Authority != "" {
		t.Errorf("%+v, %v", claims, err)
	}
	form := url.Values{"grant_type": {"client_credentials"}, "scope": {devprovider.CaseWorkerScope + "jo"}, "client_id": {"frc"}, "client_secret": {devprovider.AuthoritySecret}}
	machine, status := exchange(t, issuer, "grant_type", "client_credentials", "client_id", "frc", "client_secret", form.Get("client_secret"), "scope", form.Get("scope"))
	if status != http.StatusOK {
		t.Fatal(machine)
	}
	access, err = hub.Verify(t.Context(), machine["access_token"].(string))
	claims.Roles = nil
	if err == nil {
		err = access.Claims(&claims)
	}
	if err != nil || claims.Authority != "frc" || claims.CaseWorker != "jo" || claims.Roles != nil {
		t.Errorf("%+v, %v", claims, err)
	}
	if _, status := exchange(t, issuer, "grant_type", "client_credentials", "client_id", "frc", "client_secret", "x"); status == http.StatusOK {
		t.Error("any secret is taken")
	}
	if _, status := exchange(t, issuer, "grant_type", "client_credentials", "client_id", devprovider.ConsoleClient); status == http.StatusOK {
		t.Error("the console passes for an authority")
	}
	if err := p.Disable("auditor.harper", true); err != nil {
		t.Fatal(err)
	}
	if status, _, _ := send(t, "GET", issuer+"/userinfo", nil, "Authorization", "Bearer "+got["access_token"].(string)); status != http.StatusForbidden {
		t.Errorf("user info of a closed account: %d", status)
	}
	// The key stays, so that tokens outlive a restart.
	_, again := start(t, devprovider.Options{Dir: dir})
	other, err := oidc.NewProvider(t.Context(), again)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.Verifier(&oidc.Config{ClientID: devprovider.Audience, SkipIssuerCheck: true}).Verify(t.Context(), machine["access_token"].(string)); err != nil {
		t.Errorf("after a restart: %v", err)
	}
}

func TestOneAccountForEachRole(t *testing.T) {
	t.Parallel()
	p, issuer := start(t, devprovider.Options{})
	roles := map[string]bool{}
	for _, a := range p.Accounts() {
		for _, r := range a.Roles {
			roles[r] = true
		}
	}
	if len(roles) != 9 {
		t.Errorf("%d roles: %v", len(roles), roles)
	}
	if p.SetRoles("nobody") == nil || p.Disable("nobody", true) == nil {
		t.Error("an unknown account was changed")
	}
	status, _, page := send(t, "GET", issuer+"/device?user_code=%22%3E%3Cscript%3E", nil)
	if status != http.StatusOK || strings.Contains(page, "<script>") || !strings.Contains(page, "development only") {
		t.Errorf("%d %s", status, page)
	}
}
