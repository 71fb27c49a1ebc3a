/** Something to render: a template with its values. */
export interface TemplateResult {
  readonly strings: TemplateStringsArray;
  readonly values: unknown[];
}

export declare function html(strings: TemplateStringsArray, ...values: unknown[]): TemplateResult;
export declare function svg(strings: TemplateStringsArray, ...values: unknown[]): TemplateResult;

/** Renders nothing; as an attribute's value it takes the attribute away. */
export declare const nothing: unique symbol;

export declare function render(value: unknown, container: HTMLElement | DocumentFragment): unknown;
