package devprovider

import (
	"html/template"
	"net/http"
	"net/url"
)

// page lists the accounts. It works without script, by keyboard and with a
// screen reader: one form, one button for each account.
var page = template.Must(template.New("page").Parse(`<!DOCTYPE html>
<html lang="en-AU">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{.Title}} – development sign-in</title>
<style>
body { font: 1rem/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 40rem; padding: 0 1rem; color: #111; background: #fff }
.note { border-left: .5rem solid #8a5a00; background: #fff4d6; padding: .5rem 1rem }
ul { list-style: none; padding: 0 }
li { margin: .5rem 0 }
button { font: inherit; width: 100%; text-align: left; padding: .75rem 1rem; border: 2px solid #1d4ed8; border-radius: .25rem; background: #fff; color: #111; cursor: pointer }
button:hover, button:focus-visible { background: #e0e7ff; outline: 3px solid #1d4ed8; outline-offset: 2px }
input { font: inherit; padding: .5rem; border: 2px solid #444 }
small { display: block; color: #444 }
</style>
</head>
<body>
<main>
<h1>{{.Title}}</h1>
<p class="note"><strong>For development only.</strong> There is no password: choose who you want to be. All people here are made up.</p>
{{with .Problem}}<p role="alert"><strong>{{.}}</strong></p>{{end}}
{{if .Done}}<p role="status">{{.Done}}</p>{{else}}
<form method="post">
{{if .Request}}<input type="hidden" name="request" value="{{.Request}}">{{else}}
<p><label for="code">Code shown on the device</label><br><input id="code" name="user_code" value="{{.Code}}" autocomplete="off" autocapitalize="characters" required></p>{{end}}
<h2>Who signs in?</h2>
<ul>
{{range .Accounts}}{{if not .Disabled}}<li><button name="account" value="{{.Name}}">{{.Title}} <small>{{.Name}}</small></button></li>
{{end}}{{end}}</ul>
</form>{{end}}
</main>
</body>
</html>
`))

type view struct {
	Title, Problem, Done, Request, Code string
	Accounts                            []Account
}

func (p *Provider) show(w http.ResponseWriter, status int, v view) {
	v.Accounts = p.Accounts()
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'")
	w.WriteHeader(status)
	_ = page.Execute(w, v) // the caller may have gone
}

func (p *Provider) loginPage(w http.ResponseWriter, r *http.Request) {
	p.show(w, http.StatusOK, view{Title: "Sign in to NoticeHub", Request: r.URL.Query().Get("request")})
}

func (p *Provider) login(w http.ResponseWriter, r *http.Request) {
	v := view{Title: "Sign in to NoticeHub", Request: r.PostFormValue("request")}
	if !p.trusted(w, r) {
		return
	}
	if err := p.choose(v.Request, r.PostFormValue("account")); err != nil {
		v.Problem = err.Error()
		p.show(w, http.StatusBadRequest, v)
		return
	}
	http.Redirect(w, r, Path+"/authorize/callback?id="+url.QueryEscape(v.Request), http.StatusSeeOther)
}

func (p *Provider) devicePage(w http.ResponseWriter, r *http.Request) {
	p.show(w, http.StatusOK, view{Title: "Sign in on a device", Code: r.URL.Query().Get("user_code")})
}

func (p *Provider) device(w http.ResponseWriter, r *http.Request) {
	v := view{Title: "Sign in on a device", Code: r.PostFormValue("user_code")}
	if !p.trusted(w, r) {
		return
	}
	account := r.PostFormValue("account")
	if err := p.chooseForDevice(v.Code, account); err != nil {
		v.Problem = err.Error()
		p.show(w, http.StatusBadRequest, v)
		return
	}
	v.Done = "The device is signed in as " + account + ". You can close this page."
	p.show(w, http.StatusOK, v)
}

// trusted refuses forms that come from other sites.
func (p *Provider) trusted(w http.ResponseWriter, r *http.Request) bool {
	if p.protect.Check(r) != nil {
		http.Error(w, "the form comes from another site", http.StatusForbidden)
		return false
	}
	return true
}
