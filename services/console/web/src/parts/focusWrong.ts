/** Puts the focus on the first field of a form that is wrong, once it is drawn so. */
export const focusWrong = (form: HTMLElement) => setTimeout(() => form.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus());
