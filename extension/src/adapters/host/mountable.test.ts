/** @jest-environment jsdom */
import { act, createElement, isValidElement } from 'react';

import { createRoot } from 'react-dom/client';
import type { FunctionComponent } from 'react';
import { mountable } from './mountable';

const nextTask = () => new Promise(resolve => setTimeout(resolve, 0));

describe('mountable', () => {
  beforeAll(() => {
    (globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = true;
  });

  const setUp = () => {
    const container = document.body.appendChild(document.createElement('div'));
    const mounted: HTMLElement[] = [];
    const unmounted: HTMLElement[] = [];
    const component = mountable(element => {
      mounted.push(element);
      element.textContent = 'ours';
      return () => void unmounted.push(element);
    });
    return { container, root: createRoot(container), mounted, unmounted, component };
  };

  it('is a component of React 18 whose element is ours to fill', () => {
    const { container, root, component, mounted } = setUp();
    expect(isValidElement(component({}))).toBe(true);
    act(() => root.render(createElement(component as FunctionComponent)));
    expect(container.textContent).toBe('ours');
    expect(mounted).toHaveLength(1);
  });

  it('is mounted once however often the host renders', () => {
    const { root, component, mounted, unmounted } = setUp();
    for (let time = 0; time < 3; time++) {
      act(() => root.render(createElement(component as FunctionComponent, { key: 'same' })));
    }
    expect([mounted.length, unmounted.length]).toEqual([1, 0]);
  });

  it('is taken out where it was taken out, and nowhere else', async () => {
    const { container, root, component, mounted, unmounted } = setUp();
    const child = (key: string) => createElement(component as FunctionComponent, { key });
    act(() => root.render(createElement('div', null, child('a'), child('b'))));
    expect(mounted).toHaveLength(2);
    act(() => root.render(createElement('div', null, child('b'))));
    await nextTask();
    expect(unmounted).toEqual([mounted[0]]);
    expect(container.textContent).toBe('ours');
    act(() => root.unmount());
    await nextTask();
    expect(unmounted).toHaveLength(2);
  });
});
